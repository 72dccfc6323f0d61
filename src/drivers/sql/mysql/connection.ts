import { connect as openSocket, type Socket } from 'node:net';
import { createConnection } from 'mysql2';
import type { Protocol } from '../../connection/guard.ts';
import type { ErrorKind, SqlResult } from '../dialect.ts';
import { connectInModes, ServerSession, type ServerClient, type SessionOptions } from '../session.ts';
import { raw } from '../sql.ts';
import type { Address } from './address.ts';

/** The protocol version that a greeting begins with, and the mark of an error in its place. */
const [VERSION, ERROR] = [10, 0xff];

/** A greeting is one short packet: three bytes of length, its sequence number (0), and its first byte. */
const MYSQL: Protocol = {
  name: 'MySQL',
  opensWith: (bytes) =>
    (bytes.length < 3 || bytes[2] === 0) &&
    (bytes.length < 4 || bytes[3] === 0) &&
    (bytes.length < 5 || bytes[4] === VERSION || bytes[4] === ERROR),
};

/**
 * Settings of the session, independent of the server's defaults: the server rejects values that do not fit, and
 * backslashes escape as the client expects. The server ends the transaction of a frozen leader, which would block the
 * next leader; MySQL has no such limit, so it closes every idle connection.
 */
const SESSION = (seconds: number): string => `
  SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  SESSION innodb_lock_wait_timeout = ${seconds}
  /*M!100300 , SESSION idle_transaction_timeout = ${seconds} */
  /*!50700 , SESSION wait_timeout = ${Math.max(10, seconds)} */`;

const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

type MysqlOptions = SessionOptions<Address>;

export function connect(options: MysqlOptions, signal: AbortSignal): Promise<ServerSession<ServerClient>> {
  return connectInModes(options.address.tls, signal, (tls) => createSession(options, tls), isTlsRejected);
}

/** Whether the server rejected the TLS mode: it has no TLS, or requires it. */
function isTlsRejected(error: unknown): boolean {
  if (isAnswer(error)) return error.errno === 3159;
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

function createSession({ address, name, timeout, clock }: MysqlOptions, tls: Address['tls'][number]) {
  const { socket: path, host, port } = address;
  const socket = openSocket(path === null ? { host, port, ...TCP } : { path });
  const core = createConnection({
    stream: () => socket,
    host,
    ...(address.user === null ? {} : { user: address.user }),
    ...(address.password === null ? {} : { password: address.password }),
    ...(address.database === null ? {} : { database: address.database }),
    ...(tls && { ssl: tls }),
    charset: 'utf8mb4_bin',
    connectTimeout: timeout,
    connectAttributes: { program_name: name },
  });
  const client = core.promise();
  // Less than the client's limit, so that the server's own error arrives in time.
  const seconds = Math.max(1, Math.floor((timeout * 0.8) / 1_000));
  const session = new ServerSession<ServerClient>(
    {
      protocol: MYSQL,
      where: path ?? `${host}:${port}`,
      open: () => client.connect(),
      settings: [raw(SESSION(seconds)), raw(ISOLATION)],
      query: async ({ text, values }) => {
        // The client inserts the parameters: each length of a list would need a prepared statement of its own.
        const [result] = await client.query({ sql: text, values: [...values], timeout });
        if (Array.isArray(result)) return { rows: result as SqlResult['rows'], changes: 0 };
        return { rows: [], changes: (result as { affectedRows?: number }).affectedRows ?? 0 };
      },
      isAnswer,
      end: () => client.end(),
      destroy: () => client.destroy(),
    },
    socket,
    clock,
  );
  guardEncrypted(core, (encrypted) => session.guardEncrypted(encrypted));
  // Without a listener, a lost connection would end the process. After an error mysql2 would continue to
  // read everything that the peer sends.
  client.on('error', () => session.cut());
  return session;
}

const TCP = { keepAlive: true, noDelay: true };

/** Calls `encrypted` with the socket that mysql2 reads from after the TLS handshake; it has no event for this. */
function guardEncrypted(core: object, encrypted: (socket: Socket) => void): void {
  const wire = core as { stream: Socket; startTLS(onSecure: unknown): void };
  const startTls = wire.startTLS.bind(wire);
  wire.startTLS = (onSecure) => {
    startTls(onSecure);
    encrypted(wire.stream);
  };
}

/** Error numbers that MariaDB and MySQL share; any other is `other`. */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  // Too long, out of range, or a character that the table's character set does not contain.
  1406: 'invalid-data',
  1264: 'invalid-data',
  1366: 'invalid-data',
  3854: 'invalid-data',
  1044: 'denied',
  1142: 'denied',
  1143: 'denied',
  1370: 'denied',
  // Lock waits, deadlocks, and rows that changed under a transaction.
  1205: 'retryable',
  1213: 'retryable',
  1020: 'retryable',
  1412: 'retryable',
  // Two processes that create one table or queue at once, and a queue that is dropped before its use.
  1050: 'retryable',
  1062: 'retryable',
  1452: 'retryable',
  1146: 'undefined-table',
  // A server that shuts down or closed the connection; a replica, which may have been the primary.
  1053: 'connection-lost',
  1927: 'connection-lost',
  4031: 'connection-lost',
  1290: 'connection-lost',
  1836: 'connection-lost',
};

export function classifyError(error: unknown): ErrorKind {
  if (!isAnswer(error)) return 'connection-lost';
  return KINDS[error.errno] ?? 'other';
}

/** Whether the error is the server's own; otherwise there was no answer. */
function isAnswer(error: unknown): error is Error & { readonly errno: number } {
  return error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string';
}
