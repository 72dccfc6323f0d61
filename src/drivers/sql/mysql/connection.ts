import { connect as openSocket, type Socket } from 'node:net';
import { createConnection } from 'mysql2';
import type { Connection as Client } from 'mysql2/promise';
import type { Clock } from '../../../util/clock.ts';
import { guard, type Guard } from '../../connection/guard.ts';
import type { Connection, SqlResult } from '../dialect.ts';
import type { Sql } from '../sql.ts';
import type { Address } from './address.ts';
import { isAnswer } from './error-kind.ts';
import { ENCRYPTED, MYSQL } from './protocol.ts';

export interface ConnectOptions {
  readonly address: Address;
  /** Shown in `performance_schema.session_connect_attrs`. */
  readonly name: string;
  /** The limit for an answer. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long a server may take to close a connection before it is cut. Milliseconds. */
const CLOSE_TIMEOUT = 300;

/**
 * Settings of the session, independent of the server's defaults: values that do not fit are rejected, backslashes
 * escape as the client expects. The server ends the transaction of a leader that froze, which would block the
 * next leader; MySQL has no such limit, and closes every idle connection.
 */
const SESSION = (seconds: number): string => `
  SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  SESSION innodb_lock_wait_timeout = ${seconds}
  /*M!100300 , SESSION idle_transaction_timeout = ${seconds} */
  /*!50700 , SESSION wait_timeout = ${Math.max(10, seconds)} */`;

const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Connects in the first TLS mode that the server accepts. An abort ends the attempt. */
export async function connect(
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<MysqlConnection> {
  const modes = options.address.tls;
  for (const [i, tls] of modes.entries()) {
    signal.throwIfAborted();
    try {
      return await connectWith(options, tls, signal);
    } catch (error) {
      if (i === modes.length - 1 || !isTlsRejected(error)) throw error;
    }
  }
  throw new Error('no TLS mode to connect with');
}

/** Whether the server rejected the TLS mode: it has no TLS, or requires it. */
function isTlsRejected(error: unknown): boolean {
  if (isAnswer(error)) return error.errno === 3159;
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

async function connectWith(
  options: ConnectOptions,
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
    await connection.run({ text: SESSION(seconds), values: [] });
    await connection.run({ text: ISOLATION, values: [] });
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

/** One session. */
class MysqlConnection implements Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #wire: { readonly guard: Guard };
  readonly #options: ConnectOptions;
  #usable = true;

  constructor(
    client: Client,
    socket: Socket,
    wire: { readonly guard: Guard },
    options: ConnectOptions,
  ) {
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
      // The client inserts the parameters: lists vary in length, and would each be another prepared statement.
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

  /** Closes the socket at once. */
  cut(): void {
    this.#usable = false;
    this.#client.destroy();
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    const usable = this.#usable;
    this.#usable = false;
    if (usable) {
      const done = new AbortController();
      const ending = this.#client.end().catch(() => {});
      await Promise.race([ending, clock.sleep(CLOSE_TIMEOUT, done.signal)]);
      done.abort();
    }
    this.cut();
  }
}
