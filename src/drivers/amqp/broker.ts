/**
 * Connections are made when they are needed: a publish that finds none tries each server of the cluster
 * once, at once, and rejects when none will have it. How often that is tried again is its caller's to
 * say, so there is no timer here that could spin, and no line of log that could fill a disk.
 */
import type { Broker, Rejection } from '../../broker/broker.ts';
import { createMasker, maskUrl } from '../../util/mask.ts';
import { splitUrls } from '../../broker/url-list.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../message/message.ts';
import type { BrokerOptions } from '../../store/store.ts';
import { announce, deliver } from './deliver.ts';
import { Failover } from './failover.ts';
import { Silence } from './patience.ts';
import { serversWords } from './refusals.ts';
import type { Rules } from './prepare.ts';
import { Session, type SessionOptions } from './session.ts';
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
  readonly #rules: Rules;
  readonly #session: SessionOptions;
  readonly #servers: Failover<Server>;
  /** What a server said, without the passwords. */
  readonly #said: (error: Error) => string;
  readonly #closing = new AbortController();
  /** That of the queues at the last publish. */
  #revision: number;
  #opening: Promise<Connected> | null = null;
  #connected: Connected | null = null;

  constructor(options: BrokerOptions, answerTimeout: number) {
    const { clock, connection, transport } = options;
    const { clientName } = transport;
    const urls = splitUrls(options.brokerUrl);
    const servers = urls.map((url) => ({
      address: addressOf(url, connection.tls),
      shown: maskUrl(url),
    }));
    const conceal = createMasker(urls);
    this.#said = (error) => conceal(serversWords(error));
    this.#options = options;
    this.#rules = { ...options, delayedType: connection.delayedType };
    this.#revision = options.queues.revision;
    this.#servers = new Failover(servers, connection.failoverStrategy);
    this.#session = {
      clock,
      answerTimeout,
      connectTimeout: connection.timeout,
      introduction: {
        heartbeat: connection.heartbeat,
        login: connection.login,
        clientProperties: {
          ...(clientName !== null && { connection_name: clientName }),
          ...transport.clientProperties,
        },
      },
    };
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    if (messages.length === 0) return [];
    return this.#through('publish', (session) => {
      const { revision } = this.#rules.queues;
      // A reload may have changed queues that this connection has declared.
      if (revision !== this.#revision) session.forget();
      this.#revision = revision;
      return deliver(session, messages, this.#rules, this.#options.clock.now());
    });
  }

  async announce(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#through('announce', (session) => announce(session, messages, this.#rules));
  }

  async close(): Promise<void> {
    await this.#connected?.session.close();
    this.#closing.abort();
    await this.#opening?.catch(() => {});
  }

  /** Does something over the connection; whatever goes wrong there ends it. */
  async #through<T>(operation: string, work: (session: Session) => Promise<T>): Promise<T> {
    const connected = await this.#connect(operation);
    const { session } = connected;
    try {
      if (session.blocked !== null) throw new Error('nothing was sent');
      return await work(session);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw this.#failure(operation, error as Error, connected);
    }
  }

  #failure(operation: string, error: Error, { server, session }: Connected): StoreError {
    const { blocked } = session;
    if (blocked !== null) {
      // The connection is kept: what it carries is read when the alarm is over, and a new one would
      // only add the same messages to it.
      const what = `RabbitMQ blocks publishers (${blocked}) until it has memory and disk again`;
      return new StoreError(`broker.${operation}: ${what} (${server.shown})`, { cause: error });
    }
    if (error instanceof Silence) this.#servers.froze(server);
    session.end(error);
    const what =
      error instanceof Silence
        ? error.message
        : `the connection to RabbitMQ ended: ${this.#said(error)}`;
    const silent = error instanceof Silence;
    return new StoreError(`broker.${operation}: ${what} (${server.shown})`, {
      cause: error,
      unreachable: silent ? { server: 'RabbitMQ', reason: what } : null,
    });
  }

  async #connect(operation: string): Promise<Connected> {
    if (this.#connected?.session.usable) return this.#connected;
    this.#opening ??= this.#open(operation).finally(() => (this.#opening = null));
    return (this.#connected = await this.#opening);
  }

  async #open(operation: string): Promise<Connected> {
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
        failures.push(`${this.#said(error as Error)} (${server.shown})`);
      }
    }
    const why = signal.aborted ? 'the broker was closed' : failures.join('; ');
    const unreachable = signal.aborted ? null : { server: 'RabbitMQ', reason: why };
    throw new StoreError(`broker.${operation}: no connection to RabbitMQ: ${why}`, {
      ...{ cause, unreachable },
    });
  }
}

interface Connected {
  readonly server: Server;
  readonly session: Session;
}
