/**
 * A publish without a connection tries each server of the cluster once, without pauses, and rejects if none accepts
 * the connection. The caller decides about retries, so this module has no timers and writes no log lines.
 */
import type { Broker, Rejection } from '../../broker/broker.ts';
import { createMasker } from '../../util/mask.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../message/message.ts';
import type { BrokerOptions } from '../../store/store.ts';
import { announce, publishMessages } from './publish.ts';
import { Failover } from './failover.ts';
import { TimeoutError } from './timeouts.ts';
import { describeServerError } from './rejections.ts';
import type { DeclareOptions } from './prepare.ts';
import { Session, type SessionOptions } from './session.ts';
import { parseAmqpUrl, type Address } from './url.ts';

/** Milliseconds. A quorum queue confirms a message when a majority has written it to disk, which may take seconds. */
const ANSWER_TIMEOUT = 10_000;

interface Server {
  readonly address: Address;
  /** Its URL without the password. */
  readonly maskedUrl: string;
}

/** Opens a broker in RabbitMQ, or in another server that speaks AMQP 0-9-1. Throws a `ConfigError` for an invalid URL. */
export function openAmqpBroker(options: BrokerOptions, answerTimeout = ANSWER_TIMEOUT): Broker {
  return new AmqpBroker(options, answerTimeout);
}

class AmqpBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #declareOptions: DeclareOptions;
  readonly #sessionOptions: SessionOptions;
  readonly #servers: Failover<Server>;
  /** Describes an error of a server, without passwords. */
  readonly #describe: (error: Error) => string;
  readonly #closing = new AbortController();
  /** The revision of the queues at the last publish. */
  #revision: number;
  #opening: Promise<Connected> | null = null;
  #connected: Connected | null = null;

  constructor(options: BrokerOptions, answerTimeout: number) {
    const { clock, connection, transport } = options;
    const { clientName } = transport;
    const servers = options.server.servers.map((server) => ({
      address: parseAmqpUrl(server, connection.tls),
      maskedUrl: server.masked,
    }));
    const mask = createMasker([options.server.url]);
    this.#describe = (error) => mask(describeServerError(error));
    this.#options = options;
    this.#declareOptions = { ...options, delayedType: connection.delayedType };
    this.#revision = options.queues.revision;
    this.#servers = new Failover(servers, connection.failoverStrategy);
    this.#sessionOptions = {
      clock,
      answerTimeout,
      connectTimeout: connection.timeout,
      client: {
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
    return this.#run('publish', (session) => {
      const { revision } = this.#declareOptions.queues;
      // A reload may have changed queues that this connection has declared.
      if (revision !== this.#revision) session.forgetDeclarations();
      this.#revision = revision;
      return publishMessages(session, messages, this.#declareOptions, this.#options.clock.now());
    });
  }

  async announce(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#run('announce', (session) => announce(session, messages, this.#declareOptions));
  }

  async close(): Promise<void> {
    await this.#connected?.session.close();
    this.#closing.abort();
    await this.#opening?.catch(() => {});
  }

  /** Runs an operation over the connection. A failure ends the connection unless RabbitMQ blocks publishers. */
  async #run<T>(operation: string, work: (session: Session) => Promise<T>): Promise<T> {
    const connected = await this.#connect(operation);
    const { session } = connected;
    try {
      if (session.blocked !== null) throw new Error('nothing was published');
      return await work(session);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw this.#failure(operation, error as Error, connected);
    }
  }

  #failure(operation: string, error: Error, { server, session }: Connected): StoreError {
    const { blocked } = session;
    if (blocked !== null) {
      // The connection stays open: RabbitMQ reads its messages after the alarm, and a new connection would
      // publish them twice.
      const reason = `RabbitMQ blocks publishers (${blocked}) until it has memory and disk again`;
      const text = `broker.${operation}: ${reason} (${server.maskedUrl})`;
      return new StoreError(text, { cause: error });
    }
    const timedOut = error instanceof TimeoutError;
    if (timedOut) this.#servers.markUnresponsive(server);
    session.end(error);
    const reason = timedOut
      ? error.message
      : `the connection to RabbitMQ ended: ${this.#describe(error)}`;
    return new StoreError(`broker.${operation}: ${reason} (${server.maskedUrl})`, {
      cause: error,
      unreachable: timedOut ? { server: 'RabbitMQ', reason } : null,
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
        const session = await Session.open(server.address, this.#sessionOptions, signal);
        this.#servers.markReachable(server);
        return { server, session };
      } catch (error) {
        cause = error;
        failures.push(`${this.#describe(error as Error)} (${server.maskedUrl})`);
      }
    }
    const reason = signal.aborted ? 'the broker was closed' : failures.join('; ');
    const unreachable = signal.aborted ? null : { server: 'RabbitMQ', reason };
    throw new StoreError(`broker.${operation}: no connection to RabbitMQ: ${reason}`, {
      ...{ cause, unreachable },
    });
  }
}

interface Connected {
  readonly server: Server;
  readonly session: Session;
}
