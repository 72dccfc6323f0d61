import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { AsUser } from './as-user.ts';
import { Child } from './child.ts';
import { makeDataFolder } from './data-folders.ts';
import { freezeTree, signalTree } from './processes.ts';
import { certificate, certificateKey, freePort } from './redis.ts';
import { findService } from './services.ts';
import type { SqlServer, SqlSession } from './sql-server.ts';

const PASSWORD = 'p@ss/w%rd';

/** TCP connections need the password; those over the socket, which tests use to inspect the server, do not. */
const ACCESS = `
local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

const START_ATTEMPTS = 20;

/** A PostgreSQL server for one test file, on a free port and a socket, in a temporary folder. */
export class PostgresServer implements SqlServer {
  readonly name = 'PostgreSQL';
  readonly password = PASSWORD;
  readonly port: number;
  /** The folder of its socket. */
  readonly folder: string;
  readonly #user = new AsUser('postgres');
  #server: Child | null = null;
  #admin: Client | null = null;

  private constructor(port: number) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'beat-postgres-'));
    this.#user.chown(this.folder);
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort());
    await server.#initialise();
    await server.start();
    return server;
  }

  /** `sqla+postgresql://beat:password@127.0.0.1:port/postgres` */
  url(port = this.port): string {
    const password = encodeURIComponent(PASSWORD);
    return `sqla+postgresql://beat:${password}@127.0.0.1:${port}/postgres`;
  }

  socketUrl(): string {
    return `sqla+postgresql+psycopg2://beat@/postgres?host=${this.folder}&port=${this.port}`;
  }

  async query(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    if (!this.#admin) throw new Error('PostgreSQL is not running');
    let place = 0;
    const { rows } = await this.#admin.query<Record<string, unknown>>(
      text.replaceAll('?', () => `$${++place}`),
      values,
    );
    return rows;
  }

  async session(): Promise<SqlSession> {
    const client = await this.#connect();
    return { query: (text) => client.query(text), [Symbol.asyncDispose]: () => client.end() };
  }

  /** Starts it, also after `kill`. Resolves when it accepts connections. */
  async start(): Promise<void> {
    for (let left = START_ATTEMPTS; ; left--) {
      const output = await this.#start();
      if (output === null) return;
      // A connection of another process may use the port for a moment.
      if (left > 1 && output.includes('Address already in use')) await delay(500);
      else throw new Error(`PostgreSQL did not start:\n${output}`);
    }
  }

  /** Resolves with `null` when it accepts connections, and with its log when it ended. */
  async #start(): Promise<string | null> {
    const output: string[] = [];
    const args = ['-D', join(this.folder, 'data'), '-k', this.folder, '-p', String(this.port)];
    const [command, all] = this.#user.command(program('postgres'), args);
    const lines = { 2: (line: string) => output.push(line) };
    const server = new Child(command, all, { cwd: this.folder, lines });
    this.#server = server;
    while (server.alive) {
      try {
        this.#admin = await this.#connect();
        return null;
      } catch {
        await delay(20);
      }
    }
    return output.join('\n');
  }

  /** Kills it: open transactions are lost, and nothing is cleaned up. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#admin = null;
    if (!server?.alive) return;
    server.thaw();
    server.signal('SIGQUIT');
    await server.exited;
  }

  /** Stops its processes with their connections open, until `thaw`. */
  freeze(): void {
    freezeTree(this.#server!.pid);
  }

  thaw(): void {
    signalTree(this.#server!.pid, 'SIGCONT');
  }

  async readPayloads(queue?: string): Promise<string[]> {
    const there = await this.query(`SELECT FROM pg_tables WHERE tablename = 'kombu_message'`);
    if (there.length === 0) return [];
    const rows = await this.query(
      `SELECT payload FROM kombu_message JOIN kombu_queue ON kombu_queue.id = queue_id
       WHERE name = coalesce(?, name) AND visible != false ORDER BY timestamp, kombu_message.id`,
      queue ?? null,
    );
    return rows.map(({ payload }) => String(payload));
  }

  async waitForLockWaiters(count = 1): Promise<void> {
    const look = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
    while ((await this.query(look)).length < count);
  }

  async terminateConnections(name: string): Promise<number> {
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?`;
    return (await this.query(cut, name)).length;
  }

  async describeKombuTables(): Promise<readonly unknown[]> {
    const looks = [
      `SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length,
         is_nullable, column_default
       FROM information_schema.columns WHERE table_name LIKE 'kombu%' ORDER BY 1, 2`,
      `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE conrelid::regclass::text LIKE 'kombu%' ORDER BY 1`,
      `SELECT indexdef FROM pg_indexes
       WHERE tablename LIKE 'kombu%' AND indexname NOT LIKE 'ix_beat%' ORDER BY 1`,
      `SELECT sequencename, data_type, start_value, increment_by, max_value FROM pg_sequences
       WHERE sequencename NOT LIKE 'beat%' ORDER BY 1`,
    ];
    const found: unknown[] = [];
    // In sequence, because they share a connection.
    for (const look of looks) found.push(...(await this.query(look)));
    return found;
  }

  async empty(): Promise<void> {
    await this.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  }

  async clear(): Promise<void> {
    const tables = await this.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    const names = tables.map(({ tablename }) => `"${String(tablename)}"`);
    if (names.length > 0) await this.query(`TRUNCATE ${names.join()} RESTART IDENTITY CASCADE`);
  }

  /** Kills it and removes its folder. */
  async stop(): Promise<void> {
    this.#admin?.end().catch(() => {});
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #connect(): Promise<Client> {
    const { folder: host, port } = this;
    const client = new Client({ host, port, user: 'beat', database: 'postgres' });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async #initialise(): Promise<void> {
    const data = join(this.folder, 'data');
    await makeDataFolder('postgresql', data, () => this.#createData(data));
  }

  async #createData(data: string): Promise<void> {
    const secret = join(this.folder, 'password');
    writeFileSync(secret, PASSWORD);
    this.#user.chown(secret);
    const options = ['--no-sync', '--username=beat', `--pwfile=${secret}`, '--auth=scram-sha-256'];
    const encoding = ['--encoding=UTF8', '--locale=C'];
    await this.#run(program('initdb'), ['-D', data, ...options, ...encoding]);
    writeFileSync(join(data, 'pg_hba.conf'), ACCESS);
    writeFileSync(join(data, 'postgresql.auto.conf'), SETTINGS);
    this.#user.copyFor(certificate, join(data, 'server.crt'));
    this.#user.copyFor(certificateKey, join(data, 'server.key'));
  }

  async #run(path: string, args: readonly string[]): Promise<void> {
    const [command, all] = this.#user.command(path, args);
    await promisify(execFile)(command, all, { cwd: this.folder });
  }
}

/** Without fsync: a commit survives SIGKILL of the server, which is enough for tests. */
const SETTINGS = `
listen_addresses = '127.0.0.1'
fsync = off
shared_buffers = 16MB
max_connections = 40
ssl = on
logging_collector = off
`;

function program(name: 'initdb' | 'postgres'): string {
  const found = findService('postgres');
  if (found.path === null) throw new Error(found.missing);
  return join(dirname(found.path), name);
}
