import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import type { Clock } from '../../util/clock.ts';
import type { Message } from '../../message/message.ts';
import type { Guard } from '../connection/guard.ts';
import { openConnection, type Introduction, type Open } from './connect.ts';
import { isAboutMessages, isPrecondition, Lane, type Fate } from './lane.ts';
import { whileHeard, within } from './patience.ts';
import type { Address } from './url.ts';

/** How long (milliseconds) RabbitMQ may take to agree to the end of a connection. */
const GOODBYE = 400;

/** Durations in milliseconds. */
export interface SessionOptions {
  readonly clock: Clock;
  /** How long the connection may take to be made. */
  readonly connectTimeout: number;
  /** The silence after which RabbitMQ counts as frozen. */
  readonly answerTimeout: number;
  readonly introduction: Introduction;
}

/** `heard` is for declarations of many parts: called after each, it has RabbitMQ waited for. */
type Declare = (channel: Channel, heard: () => void) => Promise<void>;

/** One connection to RabbitMQ. Once it has ended it is of no use. */
export class Session {
  readonly #model: ChannelModel;
  readonly #guard: Guard;
  readonly #options: SessionOptions;
  readonly #cut: AbortController;
  readonly #over = Promise.withResolvers<never>();
  readonly #declared = new Map<string, Promise<void>>();
  /** By exchange. */
  readonly #lanes = new Map<string, Promise<Lane>>();
  #answers = 0;
  #blocked: string | null = null;
  #ended = false;

  private constructor(
    [model, channel, guard]: Open,
    options: SessionOptions,
    cut: AbortController,
  ) {
    this.#model = model;
    this.#guard = guard;
    this.#options = options;
    this.#cut = cut;
    this.#over.promise.catch(() => {});
    model.on('close', (error) => this.end(error ?? new Error('the connection was closed')));
    model.on('blocked', (reason) => (this.#blocked = reason));
    model.on('unblocked', () => (this.#blocked = null));
    this.#lanes.set('', Promise.resolve(this.#laneOf('', channel)));
  }

  /** Rejects with why there is no connection. An abort ends this session, open or not. */
  static async open(
    address: Address,
    options: SessionOptions,
    abort: AbortSignal,
  ): Promise<Session> {
    const cut = new AbortController();
    const signal = AbortSignal.any([cut.signal, abort]);
    const opening = openConnection(address, options.introduction, signal);
    try {
      const open = await within(options.clock, address.timeout ?? options.connectTimeout, opening);
      return new Session(open, options, cut);
    } catch (error) {
      cut.abort();
      throw error;
    }
  }

  get usable(): boolean {
    return !this.#ended;
  }

  /** Why RabbitMQ reads nothing at present, in its words: an alarm about memory or disk. */
  get blocked(): string | null {
    return this.#blocked;
  }

  /**
   * Declares something unless that was done before, under that name. Rejects with RabbitMQ's reason. It
   * has a channel of its own: RabbitMQ closes that for any reason, and messages are on their way.
   */
  once(what: string, declare: Declare): Promise<void> {
    let declaring = this.#declared.get(what);
    if (!declaring) {
      declaring = this.#declare(declare);
      this.#declared.set(what, declaring);
      declaring.catch(() => this.#declared.delete(what));
    }
    return declaring;
  }

  /** From now on all is declared again. */
  forget(): void {
    this.#declared.clear();
  }

  /**
   * Resolves once RabbitMQ has answered for every message; rejects when that cannot be hoped for. Unless
   * it is `mandatory` that a queue takes a message, it may have none.
   */
  async send(messages: readonly Message[], mandatory = true): Promise<readonly Fate[]> {
    const fates: Fate[] = [];
    const exchangeOf = (i: number): string => messages[i]!.destination.exchange;
    const byExchange = Map.groupBy(messages.keys(), exchangeOf);
    const sending = [...byExchange].map(async ([exchange, places]) => {
      const group = places.map((i) => messages[i]!);
      const sent = await this.#sendGroup(exchange, group, mandatory);
      sent.forEach((fate, i) => (fates[places[i]!] = fate));
    });
    await this.#answer(Promise.all(sending));
    return fates;
  }

  /** Closes the connection, by agreement where RabbitMQ answers soon. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#ended) await within(clock, GOODBYE, this.#model.close()).catch(() => {});
    this.end(new Error('the broker was closed'));
  }

  end(why: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over.reject(why);
    // The client library would leave the socket to a peer that may never close its end.
    this.#cut.abort();
  }

  async #sendGroup(
    exchange: string,
    group: readonly Message[],
    mandatory: boolean,
  ): Promise<readonly Fate[]> {
    const lane = await this.#lane(exchange);
    // The client library would throw for each message, as it does for what it cannot encode.
    if (this.#ended) return this.#over.promise;
    const fates = await lane.send(group, mandatory);
    const doubtful = fates.some((fate) => fate instanceof Error && isPrecondition(fate));
    if (!doubtful || group.length === 1) return fates;
    // One that RabbitMQ would not have (it is too long, say) closed the channel, and took along what came
    // after it. One by one each is answered for itself.
    const again: Fate[] = [];
    for (const [i, message] of group.entries()) {
      const fate = fates[i]!;
      const lost = fate instanceof Error && isPrecondition(fate);
      again.push(...(lost ? await this.#sendGroup(exchange, [message], mandatory) : [fate]));
    }
    return again;
  }

  #lane(exchange: string): Promise<Lane> {
    if (this.#ended) return this.#over.promise;
    let lane = this.#lanes.get(exchange);
    if (!lane) {
      const channel = this.#answer(this.#model.createConfirmChannel());
      lane = channel.then((open) => this.#laneOf(exchange, open));
      this.#lanes.set(exchange, lane);
      lane.catch(() => this.#lanes.delete(exchange));
    }
    return lane;
  }

  #laneOf(exchange: string, channel: ConfirmChannel): Lane {
    const heard = () => this.#heard();
    return new Lane(channel, heard, (why) => {
      this.#lanes.delete(exchange);
      if (!isAboutMessages(why)) this.end(why);
    });
  }

  async #declare(declare: Declare): Promise<void> {
    const channel = await this.#answer(this.#model.createChannel());
    channel.on('error', () => {});
    try {
      await this.#answer(declare(channel, () => this.#heard()));
      await this.#answer(channel.close());
    } catch (error) {
      // It is still open when it was the client library that objected.
      void (async () => channel.close())().catch(() => {});
      throw error;
    }
  }

  #heard(): void {
    this.#answers += 1;
    this.#guard.answered();
  }

  #answer<T>(promise: Promise<T>): Promise<T> {
    const { clock, answerTimeout } = this.#options;
    const answered = Promise.race([promise, this.#over.promise]);
    return whileHeard(clock, answerTimeout, answered, () => this.#answers);
  }
}
