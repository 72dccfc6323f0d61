import { Socket } from 'node:net';
import { Client, DatabaseError } from 'pg';
import type { Protocol } from '../../connection/guard.ts';
import type { ErrorKind, SqlResult } from '../dialect.ts';
import { connectInModes, ServerSession, type ServerClient, type SessionOptions } from '../session.ts';
import { raw } from '../sql.ts';
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

export type PostgresOptions = SessionOptions<Address>;

/** The client of pg, which also emits notifications. */
interface PostgresClient extends ServerClient {
  readonly pg: Client;
}

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

export function connect(options: PostgresOptions, signal: AbortSignal): Promise<ServerSession<PostgresClient>> {
  return connectInModes(options.address.tls, signal, (tls) => createSession(options, tls), isTlsRejected);
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

function createSession({ address, name, timeout, clock }: PostgresOptions, tls: Address['tls'][number]) {
  // The socket is needed to cut a connection to a server that does not answer.
  const socket = new Socket();
  const pg = new Client({
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
    stream: () => socket,
  });
  const client: PostgresClient = {
    pg,
    protocol: POSTGRESQL,
    where: `${address.host}:${address.port}`,
    open: () => pg.connect(),
    // Less than the client's limit, so that the server's own error arrives in time.
    settings: [raw(SESSION(Math.ceil(timeout * 0.8)))],
    query: async ({ text, values }) => {
      const { rows, rowCount } = await pg.query(numberParameters(text, values), [...values]);
      return { rows: rows as SqlResult['rows'], changes: rowCount ?? 0 };
    },
    isAnswer: (error) => error instanceof DatabaseError,
    end: () => pg.end(),
  };
  const session = new ServerSession(client, socket, clock);
  const { connection } = pg as unknown as { connection: PgConnection };
  connection.once('sslconnect', () => session.guardEncrypted(connection.stream));
  // Without a listener, a lost connection would end the process.
  pg.on('error', () => session.cut());
  return session;
}

/** SQLSTATE codes, or their first two or three characters; others are `other`. Only the server's errors have one. */
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
