import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import { guard, type Guard, type Protocol } from '../../connection/guard.ts';
import type { Connection, ErrorKind, SqlResult } from '../dialect.ts';
import { connectInModes, waitForEnd, type SessionOptions } from '../session.ts';
import type { Sql } from '../sql.ts';
import type { Address } from './address.ts';

/** The first byte of a server: an answer about TLS (`S`, `N`), authentication, an error, a notice, or negotiation. */
const FIRST = 'SNREv';

const POSTGRESQL: Protocol = {
  name: 'PostgreSQL',
  opensWith: (bytes) => {
    if (!FIRST.includes(String.fromCharCode(bytes[0]!))) return false;
    // Except for the single byte about TLS, the length follows: "SSH-" and "RTSP" are other protocols.
    return bytes.length === 1 || bytes[1] === 0;
  },
};

/** Within TLS any first byte is accepted, because only a PostgreSQL server agrees to TLS. */
const ENCRYPTED: Protocol = { ...POSTGRESQL, opensWith: () => true };

export type PostgresSession = SessionOptions<Address>;

/**
 * Settings of the session. The server ends the transaction of a frozen leader, which would block the next leader, and
 * statements whose client gave up. A confirmed commit is on disk. Bitmap scans are off: in a table without statistics
 * the planner would read and sort all rows instead of one page along the index.
 */
const SESSION = (timeout: number): string => `
  SET statement_timeout = ${timeout};
  SET lock_timeout = ${timeout};
  SET idle_in_transaction_session_timeout = ${timeout};
  SET default_transaction_isolation = 'read committed';
  SET enable_bitmapscan = off;
  SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

export function connect(options: PostgresSession, signal: AbortSignal): Promise<PostgresConnection> {
  const open = async (tls: Address['tls'][number]) => {
    const connection = new PostgresConnection(options, tls);
    const cut = () => connection.cut();
    signal.addEventListener('abort', cut);
    try {
      await connection.open();
      return connection;
    } catch (error) {
      connection.cut();
      throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  };
  return connectInModes(options.address.tls, signal, open, isTlsRejected);
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

class PostgresConnection implements Connection {
  readonly client: Client;
  readonly #socket = new Socket();
  readonly #options: PostgresSession;
  #guard: Guard;
  #usable = true;

  constructor(options: PostgresSession, tls: Address['tls'][number]) {
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
      const { rows, rowCount } = await this.client.query(numberParameters(text, values), [...values]);
      this.#guard.answered();
      return { rows: rows as SqlResult['rows'], changes: rowCount ?? 0 };
    } catch (error) {
      // A late answer would be mistaken for the answer to the next statement.
      if (!(error instanceof DatabaseError)) this.#usable = false;
      throw error;
    }
  }

  /**
   * Call this after a message that the server sent by itself, such as a notification: it is not part of the next
   * answer.
   */
  received(): void {
    this.#guard.answered();
  }

  cut(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    this.#usable = false;
    if (this.#socket.destroyed) return;
    await waitForEnd(this.client.end(), this.#options.clock);
    this.#socket.destroy();
  }
}

/**
 * SQLSTATE codes, or classes of them (the first two or three characters); any other is `other`. An error without
 * a SQLSTATE is not the server's.
 */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  // Such as a queue name that is too long, or a character that the database's encoding does not contain.
  '22': 'invalid-data',
  // A limit of the server, such as the longest key of an index.
  '54': 'invalid-data',
  '42501': 'denied',
  // Serialization failures and deadlocks.
  '40': 'retryable',
  // Lock timeouts.
  '55P03': 'retryable',
  // Two processes that create one table or queue at once.
  '23505': 'retryable',
  '42P07': 'retryable',
  '42710': 'retryable',
  // A queue that is dropped before its use.
  '23503': 'retryable',
  '42P01': 'undefined-table',
  // Connection exceptions, and a server that shuts down, starts, or closed the connection.
  '08': 'connection-lost',
  '57P': 'connection-lost',
  '25P03': 'connection-lost',
  // A standby, which may have been the primary: a new connection may reach the new primary.
  '25006': 'connection-lost',
};

export function classifyError(error: unknown): ErrorKind {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Five characters like `42P01`; Node's own codes are words like `ECONNRESET`.
  if (!/^[0-9A-Z]{5}$/.test(code) || code === 'EPIPE') return 'connection-lost';
  return KINDS[code] ?? KINDS[code.slice(0, 3)] ?? KINDS[code.slice(0, 2)] ?? 'other';
}
