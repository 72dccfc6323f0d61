import { connect as openSocket, type Socket } from 'node:net';
import { createConnection } from 'mysql2';
import type { Connection as Client } from 'mysql2/promise';
import { guard, type Guard, type Protocol } from '../../connection/guard.ts';
import type { Connection, ErrorKind, SqlResult } from '../dialect.ts';
import { connectInModes, waitForEnd, type SessionOptions } from '../session.ts';
import { raw, type Sql } from '../sql.ts';
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

/** Within TLS any first byte is accepted, because the server sends no greeting. */
const ENCRYPTED: Protocol = { ...MYSQL, opensWith: () => true };

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

type MysqlSession = SessionOptions<Address>;

export function connect(options: MysqlSession, signal: AbortSignal): Promise<MysqlConnection> {
  const open = (tls: Address['tls'][number]) => connectWith(options, tls, signal);
  return connectInModes(options.address.tls, signal, open, isTlsRejected);
}

/** Whether the server rejected the TLS mode: it has no TLS, or requires it. */
function isTlsRejected(error: unknown): boolean {
  if (isAnswer(error)) return error.errno === 3159;
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

async function connectWith(
  options: MysqlSession,
  tls: Address['tls'][number],
  signal: AbortSignal,
): Promise<MysqlConnection> {
  const { address, name, timeout } = options;
  const { socket: path, host, port } = address;
  const socket = openSocket(path === null ? { host, port, ...TCP } : { path });
  const cut = () => socket.destroy(new Error('the store is closed'));
  signal.addEventListener('abort', cut);
  const where = path ?? `${host}:${port}`;
  const wire = { guard: guard(socket, MYSQL, where) };
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
  guardEncrypted(core, (encrypted) => (wire.guard = guard(encrypted, ENCRYPTED, where)));
  const connection = new MysqlConnection(core.promise(), socket, wire, options);
  try {
    await core.promise().connect();
    wire.guard.established();
    // Less than the client's limit, so that the server's own error arrives in time.
    const seconds = Math.max(1, Math.floor((timeout * 0.8) / 1_000));
    await connection.run(raw(SESSION(seconds)));
    await connection.run(raw(ISOLATION));
    return connection;
  } catch (error) {
    connection.cut();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
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

class MysqlConnection implements Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #wire: { readonly guard: Guard };
  readonly #options: MysqlSession;
  #usable = true;

  constructor(client: Client, socket: Socket, wire: { readonly guard: Guard }, options: MysqlSession) {
    this.#client = client;
    this.#socket = socket;
    this.#wire = wire;
    this.#options = options;
    // Without a listener, a lost connection would end the process. After an error mysql2 would continue to
    // read everything that the peer sends.
    client.on('error', () => this.cut());
  }

  get usable(): boolean {
    return this.#usable;
  }

  async run({ text, values }: Sql): Promise<SqlResult> {
    try {
      const { timeout } = this.#options;
      // The client inserts the parameters: each length of a list would need a prepared statement of its own.
      const [result] = await this.#client.query({ sql: text, values: [...values], timeout });
      this.#wire.guard.answered();
      if (Array.isArray(result)) return { rows: result as SqlResult['rows'], changes: 0 };
      return { rows: [], changes: (result as { affectedRows?: number }).affectedRows ?? 0 };
    } catch (error) {
      // A late answer would be mistaken for the answer to the next statement.
      if (!isAnswer(error)) this.#usable = false;
      throw error;
    }
  }

  cut(): void {
    this.#usable = false;
    this.#client.destroy();
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    const usable = this.#usable;
    this.#usable = false;
    if (usable) await waitForEnd(this.#client.end(), clock);
    this.cut();
  }
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
