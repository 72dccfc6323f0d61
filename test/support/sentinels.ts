import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { Folder } from './folder.ts';
import { Journal } from './journal.ts';
import { freePort, RedisServer, TLS } from './redis.ts';
import { findService } from './services.ts';

export const MASTER = 'mymaster';

export interface SentinelsOptions {
  /** Of the servers. */
  readonly password?: string;
  /** Of the sentinels. */
  readonly sentinelPassword?: string;
  /** All of them speak TLS and nothing else. */
  readonly tls?: boolean;
}

const TLS_LINES = TLS.flatMap((name, i) =>
  i % 2 === 0 ? [`${name.slice(2)} "${TLS[i + 1]!}"`] : [],
);

interface Sentinel {
  readonly port: number;
  readonly process: Child;
}

/** A master with a replica, and three sentinels that watch them and agree within a second. */
export class Sentinels implements AsyncDisposable {
  readonly servers: readonly [RedisServer, RedisServer];
  /** What all sentinels log. */
  readonly log = new Journal<string>();
  readonly #folder = new Folder();
  readonly #options: SentinelsOptions;
  readonly #sentinels: Sentinel[] = [];

  private constructor(servers: [RedisServer, RedisServer], options: SentinelsOptions) {
    this.servers = servers;
    this.#options = options;
  }

  /** Resolves once the replica has all, and each sentinel knows it and the other two. */
  static async start(options: SentinelsOptions = {}): Promise<Sentinels> {
    const { password } = options;
    const auth = password === undefined ? [] : ['--masterauth', password];
    const { tls = false } = options;
    const encrypted = tls ? ['--tls-replication', 'yes'] : [];
    const args = [...auth, ...encrypted, '--repl-diskless-sync-delay', '0'];
    const common = { appendOnly: true, tls, ...(password !== undefined && { password }) };
    const master = await RedisServer.start({ ...common, args });
    const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
    const replica = await RedisServer.start({ ...common, args: [...args, ...replicaOf] });
    await master.client.wait(1, 0);
    const sentinels = new Sentinels([master, replica], options);
    await Promise.all([1, 2, 3].map(() => sentinels.#join(master.port)));
    await sentinels.#known();
    return sentinels;
  }

  /** As Celery writes them: every sentinel, and the master's password before the first. */
  url(db = 0): string {
    const { password } = this.#options;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    const [first, ...others] = this.#sentinels.map(({ port }) => `127.0.0.1:${port}/${db}`);
    return [credentials + first!, ...others].map((each) => `sentinel://${each}`).join(';');
  }

  /** The first of them that the URL names is gone from now on. */
  async killFirstSentinel(): Promise<void> {
    await this.#sentinels[0]!.process.kill();
  }

  /** Resolves once a sentinel has told of a switch to another master since so many lines of the log. */
  async switched(from: number): Promise<void> {
    await this.log.first('+switch-master', (line) => line.includes('+switch-master'), from);
  }

  async #join(masterPort: number): Promise<void> {
    const found = findService('redis-server');
    if (found.path === null) throw new Error(found.missing);
    const port = await freePort();
    const cwd = join(this.#folder.path, String(port));
    mkdirSync(cwd);
    const { password, sentinelPassword, tls = false } = this.#options;
    const config = [
      ...(tls ? ['port 0', `tls-port ${port}`, 'tls-replication yes', ...TLS_LINES] : []),
      ...(tls ? [] : [`port ${port}`]),
      'bind 127.0.0.1',
      ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
      `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${MASTER} ${password}`]),
      `sentinel down-after-milliseconds ${MASTER} 500`,
      `sentinel failover-timeout ${MASTER} 3000`,
    ];
    writeFileSync(join(cwd, 'sentinel.conf'), config.join('\n'));
    const lines = { 1: (line: string) => this.log.add(line) };
    const process = new Child(found.path, ['sentinel.conf', '--sentinel'], { cwd, lines });
    this.#sentinels.push({ port, process });
  }

  /** Each tells of the replica, and of each of its two peers. */
  async #known(): Promise<void> {
    const told = (what: string, times: number) =>
      this.log.until(`${times} × ${what}`, (all) => {
        return all.filter((line) => line.includes(what)).length >= times || undefined;
      });
    await Promise.all([told('+slave ', 3), told('+sentinel ', 6)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sentinels.map(({ process }) => process.kill()));
    await Promise.all(this.servers.map((server) => server.stop()));
    this.#folder[Symbol.dispose]();
  }
}
