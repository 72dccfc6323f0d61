import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import type { Clock } from '../../util/clock.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Guard } from '../connection/guard.ts';
import { openConnection, type ClientSettings, type OpenedConnection } from './connect.ts';
import { createPublish, isChannelError, isPrecondition, type Publish, type PublishResult } from './publish-channel.ts';
import { withIdleTimeout, withTimeout } from './timeouts.ts';
import type { Address } from './url.ts';

/** How long RabbitMQ may take to close a connection. Milliseconds. */
const CLOSE_TIMEOUT = 400;

export interface SessionOptions extends ClientSettings {
  readonly clock: Clock;
  /** How long RabbitMQ may send no answer before an operation fails. Milliseconds. */
  readonly answerTimeout: number;
}

/** A declaration. If it has many parts, it calls `onProgress` after each one to restart the timeout. */
export type Declare = (channel: Channel, onProgress: () => void) => Promise<void>;

/** One connection to RabbitMQ. A session that has ended cannot be used again. */
export class Session {
  usable = true;
  /** RabbitMQ's reason for blocking publishers, an alarm about memory or disk; `null` without one. */
  blocked: string | null = null;
  readonly #model: ChannelModel;
  readonly #guard: Guard;
  readonly #options: SessionOptions;
  readonly #socket: AbortController;
  readonly #end = Promise.withResolvers<never>();
  /** Rejects with the reason when the connection ends. */
  readonly ended = this.#end.promise;
  readonly #declared = new Map<string, Promise<void>>();
  /** By exchange. */
  readonly #channels = new Map<string, Promise<Publish>>();
  #answers = 0;

  private constructor([model, channel, guard]: OpenedConnection, options: SessionOptions, socket: AbortController) {
    this.#model = model;
    this.#guard = guard;
    this.#options = options;
    this.#socket = socket;
    this.ended.catch(() => {});
    model.on('close', (error) => this.end(error ?? new Error('the connection was closed')));
    model.on('blocked', (reason) => (this.blocked = reason));
    model.on('unblocked', () => (this.blocked = null));
    this.#channels.set('', Promise.resolve(this.#createPublish('', channel)));
  }

  /** Rejects with the reason if there is no connection. An abort ends this session, also after it was opened. */
  static async open(address: Address, options: SessionOptions, abort: AbortSignal): Promise<Session> {
    const socket = new AbortController();
    const signal = AbortSignal.any([socket.signal, abort]);
    const opening = openConnection(address, options, signal);
    const timeout = address.timeout ?? options.connection.timeout;
    try {
      const opened = await withTimeout(options.clock, timeout, opening);
      return new Session(opened, options, socket);
    } catch (error) {
      socket.abort();
      throw error;
    }
  }

  /**
   * Runs a declaration once per name. Rejects with RabbitMQ's reason. Each declaration has a channel of its own,
   * because RabbitMQ closes the channel of a failed one.
   */
  declareOnce(name: string, declare: Declare): Promise<void> {
    return once(this.#declared, name, () => this.#declare(declare));
  }

  openChannel(): Promise<Channel> {
    return this.wait(this.#model.createChannel());
  }

  /** Waits for an answer. Rejects if the connection ends or the answer times out. */
  wait<T>(answer: Promise<T>): Promise<T> {
    const { clock, answerTimeout } = this.#options;
    return withIdleTimeout(clock, answerTimeout, Promise.race([answer, this.ended]), () => this.#answers);
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
    await this.wait(Promise.all(publishing));
    return results;
  }

  /** Closes the connection, or aborts it if RabbitMQ does not answer soon. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    if (this.usable) await withTimeout(clock, CLOSE_TIMEOUT, this.#model.close()).catch(() => {});
    this.end(new Error('the broker was closed'));
  }

  end(reason: Error): void {
    if (!this.usable) return;
    this.usable = false;
    this.#end.reject(reason);
    // amqplib would leave the socket open until the peer closes its end.
    this.#socket.abort();
  }

  async #publishGroup(exchange: string, group: readonly Message[], mandatory: boolean) {
    const publish = await once(this.#channels, exchange, async () => {
      const opening = this.usable ? this.#model.createConfirmChannel() : this.ended;
      return this.#createPublish(exchange, await this.wait(opening));
    });
    // On a closed connection amqplib would throw for each message, as for a message that it cannot encode.
    if (!this.usable) return this.ended;
    const results = await publish(group, mandatory);
    const isUnknown = (result: PublishResult) => result instanceof Error && isPrecondition(result);
    if (!results.some(isUnknown) || group.length === 1) return results;
    // An invalid message (too long, for example) closed the channel, which also failed the messages
    // after it. Publishing them one by one shows which of them is invalid.
    const separate: PublishResult[] = [];
    for (const [i, result] of results.entries()) {
      const again = isUnknown(result);
      separate.push(...(again ? await this.#publishGroup(exchange, [group[i]!], mandatory) : [result]));
    }
    return separate;
  }

  #createPublish(exchange: string, channel: ConfirmChannel): Publish {
    const onAnswer = () => this.#onAnswer();
    return createPublish(channel, onAnswer, (reason) => {
      this.#channels.delete(exchange);
      if (!isChannelError(reason)) this.end(reason);
    });
  }

  async #declare(declare: Declare): Promise<void> {
    const channel = await this.openChannel();
    channel.on('error', () => {});
    try {
      await this.wait(declare(channel, () => this.#onAnswer()));
      await this.wait(channel.close());
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
}

/** Returns the promise of a key, or creates it. A rejected promise is removed, so that the next call tries again. */
function once<T>(promises: Map<string, Promise<T>>, key: string, create: () => Promise<T>): Promise<T> {
  const existing = promises.get(key);
  if (existing) return existing;
  const created = create();
  promises.set(key, created);
  created.catch(() => promises.delete(key));
  return created;
}
