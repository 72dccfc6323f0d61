import { execFile } from 'node:child_process';
import { copyFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { AsUser } from './as-user.ts';
import { Child } from './child.ts';
import { signalTree } from './processes.ts';
import { certificate, certificateKey, freePort } from './redis.ts';
import { findService } from './services.ts';

const PASSWORD = 'p@ss/w%rd';

/** Everybody over TCP needs the password; whoever looks in from the socket does not. */
const ACCESS = `
local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

/** A PostgreSQL of one's own, on a free port and a socket, in a folder that vanishes with it. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  /** The folder of its socket. */
  readonly folder: string;
  readonly #user = new AsUser('postgres');
  #server: Child | null = null;
  #inside: Client | null = null;

  private constructor(port: number) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'beat-postgres-'));
    this.#user.give(this.folder);
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

  /** For looking into the server, as its superuser. */
  get inside(): Client {
    if (!this.#inside) throw new Error('PostgreSQL is not running');
    return this.#inside;
  }

  /** Starts it, or starts it again after `kill`. Resolves once it takes connections. */
  async start(): Promise<void> {
    const output: string[] = [];
    const args = ['-D', join(this.folder, 'data'), '-k', this.folder, '-p', String(this.port)];
    const [command, all] = this.#user.command(program('postgres'), args);
    const lines = { 2: (line: string) => output.push(line) };
    const server = new Child(command, all, { cwd: this.folder, lines });
    this.#server = server;
    while (server.alive) {
      try {
        this.#inside = await this.connect();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(`PostgreSQL did not start:\n${output.join('\n')}`);
  }

  /** Another connection as `inside`. */
  async connect(): Promise<Client> {
    const client = new Client({
      host: this.folder,
      port: this.port,
      user: 'beat',
      database: 'postgres',
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** The plug is pulled: connections end in the middle of what they do, nothing is tidied up. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#inside = null;
    if (!server?.alive) return;
    server.thaw();
    server.signal('SIGQUIT');
    await server.exited;
  }

  /** It stands still with every connection open, until `thaw`. */
  freeze(): void {
    signalTree(this.#server!.pid, 'SIGSTOP');
  }

  thaw(): void {
    signalTree(this.#server!.pid, 'SIGCONT');
  }

  /** What waits in a queue, or in all: the payloads in the order in which kombu's query gives them. */
  async payloads(queue: string | null = null): Promise<string[]> {
    const look = `SELECT FROM pg_tables WHERE tablename = 'kombu_message'`;
    if ((await this.inside.query(look)).rowCount === 0) return [];
    const { rows } = await this.inside.query<{ payload: string }>(
      `SELECT payload FROM kombu_message JOIN kombu_queue ON kombu_queue.id = queue_id
       WHERE name = coalesce($1, name) AND visible != false ORDER BY timestamp, kombu_message.id`,
      [queue],
    );
    return rows.map(({ payload }) => payload);
  }

  /** As on the first day. */
  async empty(): Promise<void> {
    await this.inside.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    this.#inside?.end().catch(() => {});
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #initialise(): Promise<void> {
    const data = join(this.folder, 'data');
    const secret = join(this.folder, 'password');
    writeFileSync(secret, PASSWORD);
    this.#user.give(secret);
    const options = ['--no-sync', '--username=beat', `--pwfile=${secret}`, '--auth=scram-sha-256'];
    const encoding = ['--encoding=UTF8', '--locale=C'];
    await this.#run(program('initdb'), ['-D', data, ...options, ...encoding]);
    writeFileSync(join(data, 'pg_hba.conf'), ACCESS);
    writeFileSync(join(data, 'postgresql.auto.conf'), SETTINGS);
    // The server takes no key that others may read, or own.
    for (const [from, name] of [
      [certificate, 'server.crt'],
      [certificateKey, 'server.key'],
    ] as const) {
      const to = join(data, name);
      copyFileSync(from, to);
      chmodSync(to, 0o600);
      this.#user.give(to);
    }
  }

  async #run(path: string, args: readonly string[]): Promise<void> {
    const [command, all] = this.#user.command(path, args);
    await promisify(execFile)(command, all, { cwd: this.folder });
  }
}

/** No more than a test needs. What is not on the disk outlives the server anyway, if not the host. */
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
