import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import type { Clock } from '../../../util/clock.ts';
import { guard, type Guard } from '../../connection/guard.ts';
import type { Connection, SqlResult } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import type { Address } from './address.ts';
import { ENCRYPTED, POSTGRESQL } from './protocol.ts';

export interface ConnectOptions {
  readonly address: Address;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** The limit for an answer. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long a server may take to close a connection before it is cut. Milliseconds. */
const CLOSE_TIMEOUT = 300;

/**
 * Limits of the session: the server ends the transaction of a leader that froze, which would block the next
 * leader, and statements whose client gave up. An answered commit is on disk. Without bitmap scans, a page of a table
 * that has no statistics yet is read along its index: the planner would read and sort all rows instead.
 */
const SESSION = (timeout: number): string => `
  SET statement_timeout = ${timeout};
  SET lock_timeout = ${timeout};
  SET idle_in_transaction_session_timeout = ${timeout};
  SET default_transaction_isolation = 'read committed';
  SET enable_bitmapscan = off;
  SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

/** Connects in the first TLS mode that the server accepts. An abort ends the attempt. */
export async function connect(
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<PostgresConnection> {
  const modes = options.address.tls;
  for (const [i, tls] of modes.entries()) {
    signal.throwIfAborted();
    const connection = new PostgresConnection(options, tls);
    const cut = () => connection.cut();
    signal.addEventListener('abort', cut);
    try {
      await connection.open();
      return connection;
    } catch (error) {
      connection.cut();
      if (i === modes.length - 1 || !isTlsRejected(error)) throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }
  throw new Error('no TLS mode to connect with');
}

/** Whether the server rejected the TLS mode: it has no TLS, or its rules require another mode. */
function isTlsRejected(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === '28000';
  return error instanceof Error && error.message.includes('does not support SSL');
}

/** The statement with `$1` in place of the first `?`. */
function numberParameters(text: string, { length }: readonly unknown[]): string {
  let count = 0;
  return length === 0 ? text : text.replaceAll('?', () => `$${++count}`);
}

/** The part of pg that sends and receives. */
interface PgConnection {
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
      // The socket is needed to cut a connection to a server that does not answer.
      stream: () => this.#socket,
    });
    const where = `${address.host}:${address.port}`;
    this.#guard = guard(this.#socket, POSTGRESQL, where);
    // pg reads from another socket after the TLS handshake.
    const { connection } = this.client as unknown as { connection: PgConnection };
    connection.once('sslconnect', () => {
      this.#guard = guard(connection.stream, ENCRYPTED, where);
    });
    // Without a listener, a lost connection would end the process.
    this.client.on('error', () => this.cut());
  }

  get usable(): boolean {
    return this.#usable;
  }

  async open(): Promise<void> {
    await this.client.connect();
    this.#guard.established();
    // Less than the client's limit, so that the server's own error arrives in time.
    await this.client.query(SESSION(Math.ceil(this.#options.timeout * 0.8)));
  }

  async run({ text, values }: Sql): Promise<SqlResult> {
    try {
      const { rows, rowCount } = await this.client.query(numberParameters(text, values), [
        ...values,
      ]);
      this.#guard.answered();
      return { rows: rows as SqlResult['rows'], changes: rowCount ?? 0 };
    } catch (error) {
      // A late answer would be mistaken for the answer to the next statement.
      if (!(error instanceof DatabaseError)) this.#usable = false;
      throw error;
    }
  }

  /** Called for what the server sent by itself, such as a notification: it does not add to the next answer. */
  received(): void {
    this.#guard.answered();
  }

  /** Closes the socket at once. */
  cut(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    this.#usable = false;
    if (this.#socket.destroyed) return;
    const done = new AbortController();
    const ending = this.client.end().catch(() => {});
    await Promise.race([ending, this.#options.clock.sleep(CLOSE_TIMEOUT, done.signal)]);
    done.abort();
    this.#socket.destroy();
  }
}
