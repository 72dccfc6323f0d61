import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import type { Clock } from '../../util/clock.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Guard } from '../connection/guard.ts';
import { openConnection, type ClientSettings, type OpenedConnection } from './connect.ts';
import { isChannelError, isPrecondition, PublishChannel, type PublishResult } from './publish-channel.ts';
import { withIdleTimeout, withTimeout } from './timeouts.ts';
import type { Address } from './url.ts';

/** How long RabbitMQ may take to close a connection. Milliseconds. */
const CLOSE_TIMEOUT = 400;

/** Durations in milliseconds. */
export interface SessionOptions {
  readonly clock: Clock;
  /** How long opening the connection may take. */
  readonly connectTimeout: number;
  /** How long RabbitMQ may send no answer before an operation fails. */
  readonly answerTimeout: number;
  readonly client: ClientSettings;
}

/** A declaration. If it has many parts, it calls `onProgress` after each one to restart the timeout. */
type Declare = (channel: Channel, onProgress: () => void) => Promise<void>;

/** One connection to RabbitMQ. A session that has ended cannot be used again. */
export class Session {
  readonly #model: ChannelModel;
  readonly #guard: Guard;
  readonly #options: SessionOptions;
  readonly #socket: AbortController;
  readonly #end = Promise.withResolvers<never>();
  readonly #declared = new Map<string, Promise<void>>();
  /** By exchange. */
  readonly #channels = new Map<string, Promise<PublishChannel>>();
  #answers = 0;
  #blocked: string | null = null;
  #ended = false;

  private constructor([model, channel, guard]: OpenedConnection, options: SessionOptions, socket: AbortController) {
    this.#model = model;
    this.#guard = guard;
    this.#options = options;
    this.#socket = socket;
    this.#end.promise.catch(() => {});
    model.on('close', (error) => this.end(error ?? new Error('the connection was closed')));
    model.on('blocked', (reason) => (this.#blocked = reason));
    model.on('unblocked', () => (this.#blocked = null));
    this.#channels.set('', Promise.resolve(this.#createPublishChannel('', channel)));
  }

  /** Rejects with the reason if there is no connection. An abort ends this session, also after it was opened. */
  static async open(address: Address, options: SessionOptions, abort: AbortSignal): Promise<Session> {
    const socket = new AbortController();
    const signal = AbortSignal.any([socket.signal, abort]);
    const opening = openConnection(address, options.client, signal);
    const timeout = address.timeout ?? options.connectTimeout;
    try {
      const opened = await withTimeout(options.clock, timeout, opening);
      return new Session(opened, options, socket);
    } catch (error) {
      socket.abort();
      throw error;
    }
  }

  /** Rejects with the reason when the connection ends. */
  get ended(): Promise<never> {
    return this.#end.promise;
  }

  get usable(): boolean {
    return !this.#ended;
  }

  /** RabbitMQ's reason for blocking publishers, an alarm about memory or disk; `null` without one. */
  get blocked(): string | null {
    return this.#blocked;
  }

  /**
   * Runs a declaration once per name. Rejects with RabbitMQ's reason. Each declaration has a channel of its own,
   * because RabbitMQ closes the channel of a failed one.
   */
  declareOnce(name: string, declare: Declare): Promise<void> {
    let declaring = this.#declared.get(name);
    if (!declaring) {
      declaring = this.#declare(declare);
      this.#declared.set(name, declaring);
      declaring.catch(() => this.#declared.delete(name));
    }
    return declaring;
  }

  openChannel(): Promise<Channel> {
    return this.#withTimeout(this.#model.createChannel());
  }

  /** Waits for an answer. Rejects if the connection ends or the answer times out. */
  wait<T>(answer: Promise<T>): Promise<T> {
    return this.#withTimeout(answer);
  }

  forgetDeclarations(): void {
    this.#declared.clear();
  }

  /**
   * Publishes messages, and resolves with their results when RabbitMQ has confirmed all of them. Rejects if the
   * connection ends or an answer times out. Without `mandatory`, messages without a queue are dropped.
   */
  async publish(messages: readonly Message[], mandatory = true): Promise<readonly PublishResult[]> {
    const results: PublishResult[] = [];
    const byExchange = Map.groupBy(messages.keys(), (i) => messages[i]!.destination.exchange);
    const publishing = [...byExchange].map(async ([exchange, positions]) => {
      const group = positions.map((i) => messages[i]!);
      const published = await this.#publishGroup(exchange, group, mandatory);
      published.forEach((result, i) => (results[positions[i]!] = result));
    });
    await this.#withTimeout(Promise.all(publishing));
    return results;
  }

  /** Closes the connection, or aborts it if RabbitMQ does not answer soon. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#ended) await withTimeout(clock, CLOSE_TIMEOUT, this.#model.close()).catch(() => {});
    this.end(new Error('the broker was closed'));
  }

  end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end.reject(reason);
    // amqplib would leave the socket open until the peer closes its end.
    this.#socket.abort();
  }

  async #publishGroup(
    exchange: string,
    group: readonly Message[],
    mandatory: boolean,
  ): Promise<readonly PublishResult[]> {
    const channel = await this.#openPublishChannel(exchange);
    // On a closed connection amqplib would throw for each message, as for a message that it cannot encode.
    if (this.#ended) return this.#end.promise;
    const results = await channel.publish(group, mandatory);
    const isUnknown = (result: PublishResult) => result instanceof Error && isPrecondition(result);
    if (!results.some(isUnknown) || group.length === 1) return results;
    // An invalid message (too long, for example) closed the channel, which also failed the messages
    // after it. Publishing them one by one shows which of them is invalid.
    const separate: PublishResult[] = [];
    for (const [i, message] of group.entries()) {
      const result = results[i]!;
      const again = isUnknown(result);
      separate.push(...(again ? await this.#publishGroup(exchange, [message], mandatory) : [result]));
    }
    return separate;
  }

  #openPublishChannel(exchange: string): Promise<PublishChannel> {
    if (this.#ended) return this.#end.promise;
    let channel = this.#channels.get(exchange);
    if (!channel) {
      const opening = this.#withTimeout(this.#model.createConfirmChannel());
      channel = opening.then((opened) => this.#createPublishChannel(exchange, opened));
      this.#channels.set(exchange, channel);
      channel.catch(() => this.#channels.delete(exchange));
    }
    return channel;
  }

  #createPublishChannel(exchange: string, channel: ConfirmChannel): PublishChannel {
    const onAnswer = () => this.#onAnswer();
    return new PublishChannel(channel, onAnswer, (reason) => {
      this.#channels.delete(exchange);
      if (!isChannelError(reason)) this.end(reason);
    });
  }

  async #declare(declare: Declare): Promise<void> {
    const channel = await this.#withTimeout(this.#model.createChannel());
    channel.on('error', () => {});
    try {
      await this.#withTimeout(declare(channel, () => this.#onAnswer()));
      await this.#withTimeout(channel.close());
    } catch (error) {
      // The channel is still open if amqplib threw before it sent the declaration.
      void (async () => channel.close())().catch(() => {});
      throw error;
    }
  }

  #onAnswer(): void {
    this.#answers += 1;
    this.#guard.answered();
  }

  #withTimeout<T>(promise: Promise<T>): Promise<T> {
    const { clock, answerTimeout } = this.#options;
    const answered = Promise.race([promise, this.#end.promise]);
    return withIdleTimeout(clock, answerTimeout, answered, () => this.#answers);
  }
}
