/**
 * Connections are made when they are needed: a publish that finds none tries each server of the cluster
 * once, at once, and rejects when none will have it. How often that is tried again is its caller's to
 * say, so there is no timer here that could spin, and no line of log that could fill a disk.
 */
import { RefusedError, type Broker, type Refusal } from '../broker/broker.ts';
import { maskUrl } from '../config/mask.ts';
import { splitUrls } from '../config/urls.ts';
import { StoreError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import type { BrokerOptions } from '../store.ts';
import { Failover } from './failover.ts';
import { Silence } from './patience.ts';
import { explainRefusal, serversWords } from './queues.ts';
import { Session, type Fate, type SessionOptions } from './session.ts';
import { addressOf, type Address } from './url.ts';

/** Milliseconds. Quorum queues confirm what is on the disks of a majority, which may take a while. */
const ANSWER_TIMEOUT = 10_000;

interface Server {
  readonly address: Address;
  /** Its URL, without a password. */
  readonly shown: string;
}

/** Queues in RabbitMQ, or another server that speaks AMQP 0-9-1. Throws a `ConfigError` for a wrong URL. */
export function openAmqpBroker(options: BrokerOptions, answerTimeout = ANSWER_TIMEOUT): Broker {
  return new AmqpBroker(options, answerTimeout);
}

class AmqpBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #session: SessionOptions;
  readonly #servers: Failover<Server>;
  readonly #closing = new AbortController();
  #opening: Promise<Connected> | null = null;
  #connected: Connected | null = null;

  constructor(options: BrokerOptions, answerTimeout: number) {
    const { clock, connection } = options;
    const urls = splitUrls(options.brokerUrl);
    const servers = urls.map((url) => ({ address: addressOf(url), shown: maskUrl(url) }));
    this.#options = options;
    this.#servers = new Failover(servers, connection.failoverStrategy);
    this.#session = {
      clock,
      answerTimeout,
      connectTimeout: connection.timeout,
      heartbeat: connection.heartbeat,
    };
  }

  async publish(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const { server, session } = await this.#connect();
    let refused: readonly Refusal[];
    try {
      if (session.blocked !== null) throw new Error('nothing was sent');
      refused = await this.#deliver(session, messages);
    } catch (error) {
      throw this.#failure(error as Error, server, session);
    }
    if (refused.length > 0) throw new RefusedError(refused);
  }

  async close(): Promise<void> {
    await this.#connected?.session.close();
    this.#closing.abort();
    await this.#opening?.catch(() => {});
  }

  async #deliver(session: Session, messages: readonly Message[]): Promise<readonly Refusal[]> {
    const [welcome, refused] = await this.#declare(session, messages);
    const returned: Message[] = [];
    (await session.send(welcome)).forEach((fate, i) => {
      const message = welcome[i]!;
      if (fate === 'unroutable' && this.#options.declareQueues) returned.push(message);
      else if (fate !== 'taken') refused.push({ message, reason: reasonOf(fate) });
    });
    if (returned.length === 0) return refused;

    // Somebody deleted a queue that this connection had declared.
    for (const { destination } of returned)
      if (destination.queue !== null) session.forget(destination.queue);
    const [again, lost] = await this.#declare(session, returned);
    (await session.send(again)).forEach((fate, i) => {
      if (fate !== 'taken') lost.push({ message: again[i]!, reason: reasonOf(fate) });
    });
    return [...refused, ...lost];
  }

  /** Those whose queue is declared, and those whose queue RabbitMQ will not have so. */
  async #declare(
    session: Session,
    messages: readonly Message[],
  ): Promise<[welcome: readonly Message[], refused: Refusal[]]> {
    const { queues, declareQueues } = this.#options;
    if (!declareQueues) return [messages, []];
    const reasons = new Map<string, string>();
    for (const name of new Set(messages.map(({ destination }) => destination.queue))) {
      if (name === null) continue;
      const queue = queues.get(name);
      try {
        await session.declare(queue);
      } catch (error) {
        if (!session.usable || error instanceof Silence) throw error;
        reasons.set(name, explainRefusal(queue, error as Error, queue === queues.default));
      }
    }
    if (reasons.size === 0) return [messages, []];
    const [welcome, refused]: [Message[], Refusal[]] = [[], []];
    for (const message of messages) {
      const reason = reasons.get(message.destination.queue ?? '');
      if (reason === undefined) welcome.push(message);
      else refused.push({ message, reason });
    }
    return [welcome, refused];
  }

  #failure(error: Error, server: Server, session: Session): StoreError {
    const { blocked } = session;
    if (blocked !== null) {
      // The connection is kept: what it carries is read when the alarm is over, and a new one would
      // only add the same messages to it.
      const what = `RabbitMQ blocks publishers (${blocked}) until it has memory and disk again`;
      return new StoreError(`broker.publish: ${what} (${server.shown})`, { cause: error });
    }
    if (error instanceof Silence) this.#servers.froze(server);
    session.end(error);
    const what =
      error instanceof Silence
        ? error.message
        : `the connection to RabbitMQ ended: ${serversWords(error)}`;
    return new StoreError(`broker.publish: ${what} (${server.shown})`, { cause: error });
  }

  async #connect(): Promise<Connected> {
    if (this.#connected?.session.usable) return this.#connected;
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return (this.#connected = await this.#opening);
  }

  async #open(): Promise<Connected> {
    const { signal } = this.#closing;
    const failures: string[] = [];
    let cause: unknown;
    for (const server of this.#servers.cycle()) {
      if (signal.aborted) break;
      try {
        const session = await Session.open(server.address, this.#session, signal);
        this.#servers.worked(server);
        return { server, session };
      } catch (error) {
        cause = error;
        failures.push(`${serversWords(error as Error)} (${server.shown})`);
      }
    }
    const why = signal.aborted ? 'the broker was closed' : failures.join('; ');
    throw new StoreError(`broker.publish: no connection to RabbitMQ: ${why}`, { cause });
  }
}

interface Connected {
  readonly server: Server;
  readonly session: Session;
}

function reasonOf(fate: Exclude<Fate, 'taken'>): string {
  if (fate === 'unroutable') return 'there is no such queue';
  if (fate === 'nacked') return 'RabbitMQ rejected it, as it does when a queue is full';
  return `it cannot be written as AMQP: ${fate.message}`;
}
