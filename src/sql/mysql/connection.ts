import { createConnection, type Connection as Client } from 'mysql2/promise';
import type { Clock } from '../../clock.ts';
import type { Connection, Result } from '../server.ts';
import type { Sql } from '../statements.ts';
import type { Address } from './address.ts';
import { isAnswer } from './faults.ts';

export interface ConnectOptions {
  readonly address: Address;
  /** Shown in `performance_schema.session_connect_attrs`. */
  readonly name: string;
  /** How long an answer is waited for. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long (milliseconds) a server may take to hear that we go. */
const GOODBYE = 500;

/**
 * How the session behaves whatever the server's own settings are: nothing is cut short to fit, backslashes
 * escape as the client thinks, a transaction sees what others have committed. A leader that froze in the
 * middle of one must not hold up the next; MySQL, which cannot tell, ends any connection that stands still.
 */
const SESSION = (seconds: number): string => `
  SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  SESSION innodb_lock_wait_timeout = ${seconds}
  /*M!100300 , SESSION idle_transaction_timeout = ${seconds} */
  /*!50700 , SESSION wait_timeout = ${Math.max(10, seconds)} */`;

const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Connects, with TLS or without, as the address says. */
export async function connect(options: ConnectOptions): Promise<MysqlConnection> {
  const ways = options.address.tls;
  for (const [i, tls] of ways.entries()) {
    try {
      return await connectWith(options, tls);
    } catch (error) {
      if (i === ways.length - 1 || !isUnwelcome(error)) throw error;
    }
  }
  throw new Error('there is no way to connect');
}

/** Whether this way of connecting was turned down: TLS that is not there, or is insisted on. */
function isUnwelcome(error: unknown): boolean {
  if (isAnswer(error)) return error.errno === 3159;
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

async function connectWith(
  options: ConnectOptions,
  tls: Address['tls'][number],
): Promise<MysqlConnection> {
  const { address, name, timeout } = options;
  const client = await createConnection({
    ...(address.socket === null
      ? { host: address.host, port: address.port }
      : { socketPath: address.socket }),
    ...(address.user === null ? {} : { user: address.user }),
    ...(address.password === null ? {} : { password: address.password }),
    ...(address.database === null ? {} : { database: address.database }),
    ...(tls && { ssl: tls }),
    charset: 'utf8mb4_bin',
    connectTimeout: timeout,
    enableKeepAlive: true,
    connectAttributes: { program_name: name },
  });
  const connection = new MysqlConnection(client, options);
  try {
    // Somewhat less than we wait: what the server gives up on it can still say.
    const seconds = Math.max(1, Math.floor((timeout * 0.8) / 1_000));
    await connection.run({ text: SESSION(seconds), values: [] });
    await connection.run({ text: ISOLATION, values: [] });
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** One session. */
class MysqlConnection implements Connection {
  readonly #client: Client;
  readonly #options: ConnectOptions;
  #usable = true;

  constructor(client: Client, options: ConnectOptions) {
    this.#client = client;
    this.#options = options;
    // Without a listener, a connection that ends by itself would end the process.
    client.on('error', () => (this.#usable = false));
    client.on('end', () => (this.#usable = false));
  }

  get usable(): boolean {
    return this.#usable;
  }

  async run({ text, values }: Sql): Promise<Result> {
    try {
      const { timeout } = this.#options;
      // Parameters are put in by the client: a list's length varies, and prepared statements add up.
      const [result] = await this.#client.query({ sql: text, values: [...values], timeout });
      if (Array.isArray(result)) return { rows: result as Result['rows'], changes: 0 };
      return { rows: [], changes: (result as { affectedRows?: number }).affectedRows ?? 0 };
    } catch (error) {
      // Only an answer leaves no doubt about whose answer comes next.
      if (!isAnswer(error)) this.#usable = false;
      throw error;
    }
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    const usable = this.#usable;
    this.#usable = false;
    if (usable) {
      const done = new AbortController();
      const goodbye = this.#client.end().catch(() => {});
      await Promise.race([goodbye, clock.sleep(GOODBYE, done.signal)]);
      done.abort();
    }
    this.#client.destroy();
  }
}
