import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import type { Clock } from '../../../util/clock.ts';
import { guard, type Guard } from '../../connection/guard.ts';
import type { Connection, Result } from '../server.ts';
import type { Sql } from '../statements.ts';
import type { Address } from './address.ts';
import { ENCRYPTED, POSTGRESQL } from './protocol.ts';

export interface ConnectOptions {
  readonly address: Address;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** How long an answer is waited for. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long (milliseconds) a server may take to close a connection before it is cut. */
const GOODBYE = 300;

/**
 * What the server keeps of a session in the middle of a transaction: a leader that froze there must not
 * hold up the next, nor a statement go on that nobody waits for. An answered commit is on the disk.
 */
const SESSION = (timeout: number): string => `
  SET statement_timeout = ${timeout};
  SET lock_timeout = ${timeout};
  SET idle_in_transaction_session_timeout = ${timeout};
  SET default_transaction_isolation = 'read committed';
  SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

/** Connects, with TLS or without, as the address says. An abort before it is connected cuts it. */
export async function connect(
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<PostgresConnection> {
  const ways = options.address.tls;
  for (const [i, tls] of ways.entries()) {
    signal.throwIfAborted();
    const connection = new PostgresConnection(options, tls);
    const cut = () => connection.cut();
    signal.addEventListener('abort', cut);
    try {
      await connection.open();
      return connection;
    } catch (error) {
      connection.cut();
      if (i === ways.length - 1 || !isUnwelcome(error)) throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }
  throw new Error('there is no way to connect');
}

/** Whether the server turned down this way of connecting; another may do. */
function isUnwelcome(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === '28000';
  return error instanceof Error && error.message.includes('does not support SSL');
}

/** What pg sends and receives with. */
interface Wire {
  readonly stream: Socket;
  once(event: 'sslconnect', listener: () => void): void;
}

/** One session, and the socket beneath it. */
class PostgresConnection implements Connection {
  readonly client: Client;
  readonly #socket = new Socket();
  readonly #options: ConnectOptions;
  #guard: Guard;
  #usable = true;

  constructor(options: ConnectOptions, tls: Address['tls'][number]) {
    const { address, name, timeout } = options;
    this.#options = options;
    this.client = new Client({
      host: address.host,
      port: address.port,
      ...(address.user === null ? {} : { user: address.user }),
      ...(address.password === null ? {} : { password: address.password }),
      ...(address.database === null ? {} : { database: address.database }),
      ...(address.options === null ? {} : { options: address.options }),
      ssl: tls,
      application_name: name,
      connectionTimeoutMillis: timeout,
      query_timeout: timeout,
      keepAlive: true,
      // Kept in hand: a server that does not answer is hung up on.
      stream: () => this.#socket,
    });
    const where = `${address.host}:${address.port}`;
    this.#guard = guard(this.#socket, POSTGRESQL, where);
    // The library reads from another socket once the connection is encrypted.
    const { connection } = this.client as unknown as { connection: Wire };
    connection.once('sslconnect', () => {
      this.#guard = guard(connection.stream, ENCRYPTED, where);
    });
    // Without a listener, a connection that ends by itself would end the process.
    this.client.on('error', () => this.cut());
    this.client.on('end', () => (this.#usable = false));
  }

  get usable(): boolean {
    return this.#usable;
  }

  async open(): Promise<void> {
    await this.client.connect();
    this.#guard.established();
    // Somewhat less than we wait: what the server gives up on it can still say.
    await this.client.query(SESSION(Math.ceil(this.#options.timeout * 0.8)));
  }

  async run({ text, values }: Sql): Promise<Result> {
    try {
      const { rows, rowCount } = await this.client.query(text, [...values]);
      this.#guard.answered();
      return { rows: rows as Result['rows'], changes: rowCount ?? 0 };
    } catch (error) {
      // Only an answer leaves no doubt about whose answer comes next.
      if (!(error instanceof DatabaseError)) this.#usable = false;
      throw error;
    }
  }

  /** What arrives unasked, such as a notification, is complete. */
  notified(): void {
    this.#guard.answered();
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    this.#usable = false;
    const done = new AbortController();
    const goodbye = this.client.end().catch(() => {});
    await Promise.race([goodbye, this.#options.clock.sleep(GOODBYE, done.signal)]);
    done.abort();
    this.#socket.destroy();
  }
}
