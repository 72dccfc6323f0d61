import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freeze } from './processes.ts';
import { findService } from './services.ts';

export interface RedisServerOptions {
  /** Persists every write, so that data survives `kill` and `start`. */
  readonly appendOnly?: boolean;
  readonly password?: string;
  /** Accepts only TLS, with the certificate in the folder `tls`. */
  readonly tls?: boolean;
  /** Further options, as on redis-server's command line. */
  readonly args?: readonly string[];
}

/** Self-signed, for the host name `localhost`. */
export const certificate = fileURLToPath(new URL('tls/localhost.pem', import.meta.url));
export const certificateKey = fileURLToPath(new URL('tls/localhost.key', import.meta.url));

/** Options of redis-server's command line. */
export const TLS = [
  ...['--tls-cert-file', certificate, '--tls-key-file', certificateKey],
  ...['--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no'],
];

/** Kills the server and removes its folder when the test run ends in any way, which closes its standard input. */
const GUARD = 'read _; kill -9 $(cat "$0/redis.pid"); rm -rf "$0"';

/** A Redis server for one test file, on a free port and a socket, in a temporary folder. */
export class RedisServer implements AsyncDisposable {
  readonly socket: string;
  readonly port: number;
  readonly #folder: string;
  readonly #options: RedisServerOptions;
  readonly #guard: ChildProcess;
  #process: ChildProcess | null = null;
  #client: Redis | null = null;

  private constructor(folder: string, port: number, options: RedisServerOptions) {
    this.#folder = folder;
    this.socket = join(folder, 'redis.sock');
    this.port = port;
    this.#options = options;
    const stdio = ['pipe', 'ignore', 'ignore'] as const;
    this.#guard = spawn('sh', ['-c', GUARD, folder], { stdio: [...stdio], detached: true });
    this.#guard.unref();
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'beat-redis-'));
    const server = new RedisServer(folder, await freePort(), options);
    await server.start();
    return server;
  }

  /** A client that tests use to inspect the server; database 0. */
  get client(): Redis {
    if (!this.#client) throw new Error('redis-server is not running');
    return this.#client;
  }

  /** `redis://:password@127.0.0.1:port/db` */
  url(db = 0): string {
    return `redis://${this.#credentials()}127.0.0.1:${this.port}/${db}`;
  }

  socketUrl(db = 0): string {
    return `redis+socket://${this.#credentials()}${this.socket}?virtual_host=${db}`;
  }

  /** Starts it, also after `kill`, with its persisted data. Resolves when it replies. */
  async start(more: readonly string[] = []): Promise<void> {
    const found = findService('redis-server');
    if (found.path === null) throw new Error(found.missing);
    const log = join(this.#folder, 'redis.log');
    const { appendOnly = false, password, tls = false, args = [] } = this.#options;
    const port = String(this.port);
    const listen = tls ? ['--port', '0', '--tls-port', port, ...TLS] : ['--port', port];
    const child = spawn(found.path, [
      ...[...listen, '--bind', '127.0.0.1', '--unixsocket', this.socket],
      ...['--dir', this.#folder, '--pidfile', join(this.#folder, 'redis.pid'), '--logfile', log],
      ...['--save', '', '--appendonly', appendOnly ? 'yes' : 'no', '--appendfsync', 'always'],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
      ...more,
    ]);
    const died = once(child, 'exit').then(() => {
      throw new Error(`redis-server did not start:\n${readFileSync(log, 'utf8')}`);
    });
    const client = new Redis({
      path: this.socket,
      ...(password === undefined ? {} : { password }),
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on('error', () => {});
    this.#process = child;
    this.#client = client;
    await Promise.race([client.ping(), died]);
    died.catch(() => {});
  }

  /** Kills it: only what is on disk survives, and clients see closed connections. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    this.#client?.disconnect();
    this.#client = null;
    if (!child) return;
    rmSync(join(this.#folder, 'redis.pid'), { force: true });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops it with its connections open, until `thaw`. */
  freeze(): void {
    const pid = this.#process?.pid;
    if (pid !== undefined) freeze(pid);
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async flush(): Promise<void> {
    await this.client.flushall();
  }

  /** Kills it and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    if (this.#guard.exitCode !== null) return;
    this.#guard.ref();
    const gone = once(this.#guard, 'exit');
    this.#guard.stdin?.end();
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #credentials(): string {
    const { password } = this.#options;
    return password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
