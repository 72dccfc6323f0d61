import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection, type Connection } from 'mysql2/promise';
import { AsUser } from './as-user.ts';
import { Child } from './child.ts';
import { makeDataFolder } from './data-folders.ts';
import { certificate, certificateKey, freePort } from './redis.ts';
import { findService } from './services.ts';
import type { SqlServer, SqlSession } from './sql-server.ts';

const PASSWORD = 'p@ss/w%rd';

/** The default of 96 MiB makes data folders slow to copy. */
const LOG_SIZE = '--innodb-log-file-size=8M';

type Row = Record<string, unknown>;

/** A MariaDB server for one test file, on a free port and a socket, in a temporary folder. */
export class MariaServer implements SqlServer {
  readonly name = 'MySQL';
  readonly password = PASSWORD;
  readonly port: number;
  readonly socket: string;
  readonly #folder: string;
  readonly #user = new AsUser('mysql');
  #server: Child | null = null;
  #admin: Connection | null = null;

  private constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'beat-mariadb-'));
    this.socket = join(this.#folder, 'mariadb.sock');
    this.#user.chown(this.#folder);
  }

  static async start(): Promise<MariaServer> {
    const server = new MariaServer(await freePort());
    await server.#initialise();
    await server.start();
    await server.empty();
    await server.query(`CREATE USER beat IDENTIFIED BY '${PASSWORD}'`);
    await server.query('GRANT ALL ON celery.* TO beat');
    return server;
  }

  /** `sqla+mysql://beat:password@127.0.0.1:port/celery` */
  url(port = this.port): string {
    return `sqla+mysql://beat:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/celery`;
  }

  socketUrl(): string {
    return `sqla+mysql+pymysql://root@/celery?unix_socket=${this.socket}&charset=utf8mb4`;
  }

  async query(text: string, ...values: unknown[]): Promise<readonly Row[]> {
    if (!this.#admin) throw new Error('MariaDB is not running');
    const [rows] = await this.#admin.query(text, values);
    return Array.isArray(rows) ? (rows as Row[]) : [];
  }

  async session(): Promise<SqlSession> {
    const client = await this.#connect();
    await client.query('USE celery');
    return { query: (text) => client.query(text), [Symbol.asyncDispose]: () => client.end() };
  }

  async start(): Promise<void> {
    const output: string[] = [];
    const [command, args] = this.#user.command(program('mariadbd'), [
      ...['--no-defaults', `--datadir=${this.#folder}/data`, `--socket=${this.socket}`],
      ...['--bind-address=127.0.0.1', `--port=${this.port}`, '--skip-name-resolve'],
      `--tmpdir=${this.#folder}`,
      // Flushed to the operating system only: a commit survives SIGKILL, which is enough for tests.
      ...['--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=32M'],
      ...['--innodb-use-native-aio=0', '--innodb-deadlock-detect=1', LOG_SIZE],
      ...[`--ssl-cert=${this.#folder}/server.crt`, `--ssl-key=${this.#folder}/server.key`],
    ]);
    const lines = { 2: (line: string) => output.push(line) };
    const server = new Child(command, args, { cwd: this.#folder, lines });
    this.#server = server;
    while (server.alive) {
      try {
        this.#admin = await this.#connect();
        await this.query('CREATE DATABASE IF NOT EXISTS celery CHARACTER SET utf8mb4');
        await this.query('USE celery');
        return;
      } catch {
        await delay(20);
      }
    }
    throw new Error(`MariaDB did not start:\n${output.slice(-20).join('\n')}`);
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#admin?.destroy();
    this.#admin = null;
    await server?.kill();
  }

  freeze(): void {
    this.#server?.freeze();
  }

  thaw(): void {
    this.#server?.thaw();
  }

  async readPayloads(queue?: string): Promise<string[]> {
    if ((await this.query(`SHOW TABLES LIKE 'kombu_message'`)).length === 0) return [];
    const rows = await this.query(
      `SELECT payload FROM kombu_message JOIN kombu_queue ON kombu_queue.id = queue_id
       WHERE name = coalesce(?, name) AND visible != false ORDER BY timestamp, kombu_message.id`,
      queue ?? null,
    );
    return rows.map(({ payload }) => String(payload));
  }

  async waitForLockWaiters(count = 1): Promise<void> {
    const look = `SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`;
    // The table is a copy that the server refreshes only every 100 ms.
    while ((await this.query(look)).length < count) await delay(150);
  }

  /** Terminates every connection of beat, because the server has no name for each. */
  async terminateConnections(): Promise<number> {
    const all = await this.query(`SELECT id FROM information_schema.processlist WHERE user = 'beat'`);
    for (const { id } of all) await this.query(`KILL ${Number(id)}`).catch(() => {});
    return all.length;
  }

  async describeKombuTables(): Promise<readonly unknown[]> {
    const of = `table_schema = 'celery' AND table_name LIKE 'kombu%'`;
    const columns = await this.query(
      `SELECT table_name, ordinal_position, column_name, column_type, is_nullable, column_default,
         extra, collation_name
       FROM information_schema.columns WHERE ${of} ORDER BY 1, 2`,
    );
    const indexes = await this.query(
      `SELECT table_name, index_name, seq_in_index, column_name, non_unique
       FROM information_schema.statistics
       WHERE ${of} ORDER BY 1, 2, 3`,
    );
    const constraints = await this.query(
      `SELECT table_name, constraint_name, constraint_type
       FROM information_schema.table_constraints WHERE ${of} ORDER BY 1, 2`,
    );
    const engines = await this.query(`SELECT table_name, engine FROM information_schema.tables WHERE ${of} ORDER BY 1`);
    const sequences = ['queue_id_sequence', 'message_id_sequence'].map((name) =>
      this.query(`SHOW CREATE SEQUENCE ${name}`),
    );
    return [columns, indexes, constraints, engines, ...(await Promise.all(sequences))];
  }

  async empty(): Promise<void> {
    await this.query('DROP DATABASE celery');
    await this.query('CREATE DATABASE celery CHARACTER SET utf8mb4');
    await this.query('USE celery');
  }

  async clear(): Promise<void> {
    const tables = await this.query(`SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'`);
    await this.query('SET foreign_key_checks = 0');
    for (const row of tables) await this.query(`DELETE FROM \`${String(Object.values(row)[0])}\``);
    await this.query('SET foreign_key_checks = 1');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #connect(): Promise<Connection> {
    return createConnection({ socketPath: this.socket, user: 'root', charset: 'utf8mb4_bin' });
  }

  async #initialise(): Promise<void> {
    this.#user.copyFor(certificate, join(this.#folder, 'server.crt'));
    this.#user.copyFor(certificateKey, join(this.#folder, 'server.key'));
    const data = join(this.#folder, 'data');
    await makeDataFolder('mariadb', data, () => this.#install(data));
  }

  async #install(data: string): Promise<void> {
    const install = join(dirname(program('mariadbd')), '../bin/mariadb-install-db');
    const [command, args] = this.#user.command(install, [
      ...['--no-defaults', `--datadir=${data}`, '--skip-test-db', LOG_SIZE],
      // At its start a server removes temporary tables from this folder, also those of other servers.
      ...['--auth-root-authentication-method=normal', `--tmpdir=${this.#folder}`],
    ]);
    await promisify(execFile)(command, args, { cwd: this.#folder });
  }
}

function program(name: 'mariadbd'): string {
  const found = findService(name);
  if (found.path === null) throw new Error(found.missing);
  return found.path;
}
