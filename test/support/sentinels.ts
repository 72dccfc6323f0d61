import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { Folder } from './folder.ts';
import { Journal } from './journal.ts';
import { freePort, RedisServer, TLS } from './redis.ts';
import { findService } from './services.ts';

export const MASTER = 'mymaster';

export interface SentinelsOptions {
  /** The password of the servers. */
  readonly password?: string;
  /** The password of the sentinels. */
  readonly sentinelPassword?: string;
  /** Servers and sentinels accept only TLS. */
  readonly tls?: boolean;
}

const TLS_LINES = TLS.flatMap((name, i) => (i % 2 === 0 ? [`${name.slice(2)} "${TLS[i + 1]!}"`] : []));

interface Sentinel {
  readonly port: number;
  readonly process: Child;
}

/** A master, a replica and three sentinels, which detect a failure within a second. */
export class Sentinels implements AsyncDisposable {
  readonly servers: readonly [RedisServer, RedisServer];
  /** The log lines of all sentinels. */
  readonly log = new Journal<string>();
  readonly #folder = new Folder();
  readonly #options: SentinelsOptions;
  readonly #sentinels: Sentinel[] = [];

  private constructor(servers: [RedisServer, RedisServer], options: SentinelsOptions) {
    this.servers = servers;
    this.#options = options;
  }

  /** Resolves when the replica is synchronised and each sentinel knows it and the other two. */
  static async start(options: SentinelsOptions = {}): Promise<Sentinels> {
    const { password } = options;
    const auth = password === undefined ? [] : ['--masterauth', password];
    const { tls = false } = options;
    const encrypted = tls ? ['--tls-replication', 'yes'] : [];
    const args = [...auth, ...encrypted, '--repl-diskless-sync-delay', '0'];
    const common = { appendOnly: true, tls, ...(password !== undefined && { password }) };
    const master = await RedisServer.start({ ...common, args });
    const replication = ['--replicaof', '127.0.0.1', String(master.port)];
    const replica = await RedisServer.start({ ...common, args: [...args, ...replication] });
    await master.client.wait(1, 0);
    const sentinels = new Sentinels([master, replica], options);
    await Promise.all([1, 2, 3].map(() => sentinels.#join(master.port)));
    await sentinels.#waitForDiscovery();
    return sentinels;
  }

  /** Returns Celery's form: every sentinel, with the master's password before the first. */
  url(db = 0): string {
    const { password } = this.#options;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    const [first, ...others] = this.#sentinels.map(({ port }) => `127.0.0.1:${port}/${db}`);
    return [credentials + first!, ...others].map((each) => `sentinel://${each}`).join(';');
  }

  /** Kills the first sentinel of the URL. */
  async killFirstSentinel(): Promise<void> {
    await this.#sentinels[0]!.process.kill();
  }

  /** Waits until a sentinel logs a switch of the master, from line `from` of the log on. */
  async waitForSwitch(from: number): Promise<void> {
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

  /** Waits until each sentinel has logged the replica and its two peers. */
  async #waitForDiscovery(): Promise<void> {
    const waitForLines = (what: string, times: number) =>
      this.log.until(`${times} × ${what}`, (all) => {
        return all.filter((line) => line.includes(what)).length >= times || undefined;
      });
    await Promise.all([waitForLines('+slave ', 3), waitForLines('+sentinel ', 6)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sentinels.map(({ process }) => process.kill()));
    await Promise.all(this.servers.map((server) => server.stop()));
    this.#folder[Symbol.dispose]();
  }
}
