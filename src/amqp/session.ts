import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import type { Clock } from '../clock.ts';
import type { Message } from '../message/message.ts';
import type { Queue } from '../routing/queue.ts';
import { whileHeard, within } from './patience.ts';
import { propertiesOf } from './properties.ts';
import { declareQueue } from './queues.ts';
import type { Address } from './url.ts';

/** Durations in milliseconds. */
export interface SessionOptions {
  readonly clock: Clock;
  /** How long the connection may take to be made. */
  readonly connectTimeout: number;
  /** The silence after which RabbitMQ counts as frozen. */
  readonly answerTimeout: number;
  /** 0 for none. */
  readonly heartbeat: number;
}

/** What became of a message. An error is of its encoding: it cannot be said in AMQP. */
export type Fate = 'taken' | 'nacked' | 'unroutable' | Error;

/** One connection to RabbitMQ, with the channel that messages go through. Once it has ended it is of no use. */
export class Session {
  readonly #model: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #options: SessionOptions;
  readonly #cut: AbortController;
  readonly #over = Promise.withResolvers<never>();
  readonly #declared = new Map<string, Promise<void>>();
  /** How many came back, by routing key and task, that are not yet confirmed: a return precedes its confirm. */
  readonly #returned = new Map<string, number>();
  #confirms = 0;
  #blocked: string | null = null;
  #ended = false;

  private constructor(
    [model, channel]: readonly [ChannelModel, ConfirmChannel],
    options: SessionOptions,
    cut: AbortController,
  ) {
    this.#model = model;
    this.#channel = channel;
    this.#options = options;
    this.#cut = cut;
    this.#over.promise.catch(() => {});
    model.on('close', (error) => this.end(error ?? new Error('the connection was closed')));
    model.on('blocked', (reason) => (this.#blocked = reason));
    model.on('unblocked', () => (this.#blocked = null));
    channel.on('error', (error) => this.end(error));
    channel.on('return', ({ fields, properties }) => {
      const key = keyOf(fields.routingKey, String(properties.correlationId));
      this.#returned.set(key, (this.#returned.get(key) ?? 0) + 1);
    });
  }

  /** Rejects with why there is no connection. An abort ends this session, open or not. */
  static async open(
    address: Address,
    options: SessionOptions,
    abort: AbortSignal,
  ): Promise<Session> {
    const cut = new AbortController();
    const opening = openChannel(address, options.heartbeat, AbortSignal.any([cut.signal, abort]));
    try {
      const open = await within(options.clock, options.connectTimeout, opening);
      return new Session(open, options, cut);
    } catch (error) {
      cut.abort();
      // The client library keeps to itself what RabbitMQ said here; it has one reason to.
      if (!/ConnectionOpenOk.*ConnectionClose/.test((error as Error).message)) throw error;
      const { vhost, username } = address;
      const why = `there is no vhost "${vhost}", or not for the user "${username}"`;
      throw new Error(why, { cause: error });
    }
  }

  get usable(): boolean {
    return !this.#ended;
  }

  /** Why RabbitMQ reads nothing at present, in its words: an alarm about memory or disk. */
  get blocked(): string | null {
    return this.#blocked;
  }

  /** Declares a queue unless that was done before. Rejects with RabbitMQ's reason. */
  declare(queue: Queue): Promise<void> {
    let declaring = this.#declared.get(queue.name);
    if (!declaring) {
      declaring = this.#declare(queue);
      this.#declared.set(queue.name, declaring);
      declaring.catch(() => this.#declared.delete(queue.name));
    }
    return declaring;
  }

  /** The next `declare` declares it again. */
  forget(queue: string): void {
    this.#declared.delete(queue);
  }

  /** Resolves once RabbitMQ has answered for every message; rejects when that cannot be hoped for. */
  async send(messages: readonly Message[]): Promise<readonly Fate[]> {
    if (messages.length === 0) return [];
    // The client library would throw for each, as it does for what it cannot encode.
    if (this.#ended) return this.#over.promise;
    const fates: Fate[] = [];
    const all = Promise.withResolvers<undefined>();
    let left = messages.length;
    const meets = (i: number, fate: Fate): void => {
      fates[i] = fate;
      this.#confirms += 1;
      left -= 1;
      if (left === 0) all.resolve(undefined);
    };
    messages.forEach((message, i) => {
      const { destination, body } = message;
      try {
        const { exchange, routingKey } = destination;
        this.#channel.publish(
          exchange,
          routingKey,
          body,
          propertiesOf(message),
          (error?: Error | null) => {
            if (!error) meets(i, this.#cameBack(message) ? 'unroutable' : 'taken');
            // The other error is that the channel was closed, which is told where that is.
            else if (error.message === 'message nacked') meets(i, 'nacked');
          },
        );
      } catch (error) {
        meets(i, error as Error);
      }
    });
    await this.#answer(all.promise);
    return fates;
  }

  /** Says good-bye, within a second. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#ended) await within(clock, 1_000, this.#model.close()).catch(() => {});
    this.end(new Error('the broker was closed'));
  }

  end(why: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over.reject(why);
    // The client library would leave the socket to a peer that may never close its end.
    this.#cut.abort();
  }

  /** On a channel of its own: RabbitMQ closes it for any reason, and messages of other queues are on their way. */
  async #declare(queue: Queue): Promise<void> {
    const channel = await this.#answer(this.#model.createChannel());
    channel.on('error', () => {});
    await this.#answer(declareQueue(channel, queue));
    await this.#answer(channel.close());
  }

  #answer<T>(promise: Promise<T>): Promise<T> {
    const { clock, answerTimeout } = this.#options;
    const answered = Promise.race([promise, this.#over.promise]);
    return whileHeard(clock, answerTimeout, answered, () => this.#confirms);
  }

  #cameBack({ destination, properties }: Message): boolean {
    const key = keyOf(destination.routingKey, properties.correlation_id);
    const count = this.#returned.get(key) ?? 0;
    if (count > 1) this.#returned.set(key, count - 1);
    else this.#returned.delete(key);
    return count > 0;
  }
}

function keyOf(routingKey: string, correlationId: string): string {
  return `${routingKey}\0${correlationId}`;
}

async function openChannel(
  { host, port, username, password, vhost, tls }: Address,
  heartbeat: number,
  signal: AbortSignal,
): Promise<readonly [ChannelModel, ConfirmChannel]> {
  const clientProperties = { product: 'beat', connection_name: 'beat' };
  const socket = { ...tls, noDelay: true, keepAlive: true, signal, clientProperties };
  const model = await connect(
    {
      protocol: tls ? 'amqps' : 'amqp',
      hostname: host,
      port,
      username,
      password,
      // It is unescaped there.
      vhost: encodeURIComponent(vhost),
      heartbeat: Math.ceil(heartbeat / 1_000),
    },
    socket,
  );
  // What goes wrong is told by "close" too, which is listened to once the session is made.
  model.on('error', () => {});
  return [model, await model.createConfirmChannel()];
}
