import type { ConnectionSettings, TransportOptions } from '../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { createMasker } from '../../util/mask.ts';
import { describeServerError } from './rejections.ts';
import { Session, type SessionOptions } from './session.ts';
import { TimeoutError } from './timeouts.ts';
import { parseAmqpUrl, type Address } from './url.ts';

/** Milliseconds. A quorum queue confirms a message when a majority has written it to disk, which may take seconds. */
const ANSWER_TIMEOUT = 10_000;

export interface ClusterOptions {
  readonly server: ServerUrls;
  readonly connection: ConnectionSettings;
  readonly transport: TransportOptions;
  readonly clock: Clock;
}

interface Server {
  readonly address: Address;
  readonly maskedUrl: string;
}

export interface Connected {
  readonly server: Server;
  readonly session: Session;
}

/** The servers of a cluster, and the connection to one of them. Throws a `ConfigError` for an invalid URL. */
export class Cluster {
  readonly #sessionOptions: SessionOptions;
  readonly #servers: Failover<Server>;
  /** Without passwords. */
  readonly #describe: (error: Error) => string;
  /** The beginning of error messages: `broker` or `consumer`. */
  readonly #role: string;
  readonly #closing = new AbortController();
  #opening: Promise<Connected> | null = null;
  #connected: Connected | null = null;

  constructor(role: string, options: ClusterOptions, answerTimeout = ANSWER_TIMEOUT) {
    const { clock, connection, transport } = options;
    const { clientName } = transport;
    const servers = options.server.servers.map((server) => ({
      address: parseAmqpUrl(server, connection.tls),
      maskedUrl: server.masked,
    }));
    const mask = createMasker([options.server.url]);
    this.#role = role;
    this.#describe = (error) => mask(describeServerError(error));
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

  /**
   * Resolves with the open connection, or opens one: it tries each server once. Rejects with a `StoreError` if none
   * accepts the connection.
   */
  async connect(operation: string): Promise<Connected> {
    if (this.#connected?.session.usable) return this.#connected;
    this.#opening ??= this.#open(operation).finally(() => (this.#opening = null));
    return (this.#connected = await this.#opening);
  }

  /** Ends the connection because an operation failed on it; creates the `StoreError` of the operation. */
  fail(operation: string, error: Error, { server, session }: Connected): StoreError {
    const timedOut = error instanceof TimeoutError;
    if (timedOut) this.#servers.markUnresponsive(server);
    session.end(error);
    const reason = timedOut ? error.message : `the connection to RabbitMQ ended: ${this.#describe(error)}`;
    return new StoreError(`${this.#role}.${operation}: ${reason} (${server.maskedUrl})`, {
      cause: error,
      unreachable: timedOut ? { server: 'RabbitMQ', reason } : null,
    });
  }

  async close(): Promise<void> {
    await this.#connected?.session.close();
    this.#closing.abort();
    await this.#opening?.catch(() => {});
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
    throw new StoreError(`${this.#role}.${operation}: no connection to RabbitMQ: ${reason}`, { cause, unreachable });
  }
}

/**
 * The order in which the servers of a cluster are tried, as with Celery's `broker_failover_strategy`: first the last
 * reachable one, then those after it in the list, or all others in random order.
 */
export class Failover<T> {
  readonly #all: readonly T[];
  readonly #shuffle: boolean;
  #current = 0;

  constructor(all: readonly T[], strategy: 'round-robin' | 'shuffle') {
    this.#all = all;
    this.#shuffle = strategy === 'shuffle';
    if (this.#shuffle) this.#current = Math.floor(Math.random() * all.length);
  }

  /** All servers, in the order in which to try them. */
  cycle(): T[] {
    const start = this.#current;
    const rotated = [...this.#all.slice(start), ...this.#all.slice(0, start)];
    if (!this.#shuffle) return rotated;
    const [first, ...others] = rotated;
    return first === undefined ? [] : [first, ...shuffled(others)];
  }

  /** Begins the next cycle with this server, because it is reachable. */
  markReachable(one: T): void {
    this.#current = Math.max(0, this.#all.indexOf(one));
  }

  /** Ends the next cycle with this server: it does not answer, and each attempt takes the whole timeout. */
  markUnresponsive(one: T): void {
    this.#current = (this.#all.indexOf(one) + 1) % this.#all.length;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
