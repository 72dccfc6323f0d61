import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect, type ChannelModel, type Message } from 'amqplib';
import { Child } from './child.ts';
import { certificate, certificateKey, freePort } from './redis.ts';
import { findService } from './services.ts';

/** A RabbitMQ of one's own, on free ports of this host, in a folder that vanishes with it. */
export class RabbitServer implements AsyncDisposable {
  readonly port: number;
  /** For encrypted connections, with the certificate beside this file. */
  readonly tlsPort: number;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #names: Child;
  #server: Child | null = null;
  #inside: ChannelModel | null = null;

  private constructor(port: number, tlsPort: number, distribution: number, epmd: number) {
    this.port = port;
    this.tlsPort = tlsPort;
    const folder = mkdtempSync(join(tmpdir(), 'beat-rabbitmq-'));
    this.#folder = folder;
    writeFileSync(join(folder, 'rabbitmq.conf'), CONFIG(port, tlsPort));
    writeFileSync(join(folder, 'plugins'), '[].');
    this.#env = {
      // Where Erlang keeps the cookie that nodes know each other by.
      HOME: folder,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(epmd),
      RABBITMQ_NODENAME: `beat-${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      // The script becomes the server, rather than staying between it and our signals.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
    };
    this.#names = new Child('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], {
      env: this.#env,
      lines: {},
    });
  }

  static async start(): Promise<RabbitServer> {
    const [port, tlsPort, distribution] = [await freePort(), await freePort(), await freePort()];
    const epmd = await freePort();
    const server = new RabbitServer(port, tlsPort, distribution, epmd);
    // The server would start one itself, if there were none yet, and leave it behind.
    await listening(epmd);
    await server.start();
    return server;
  }

  /** `amqp://guest:guest@127.0.0.1:port//` */
  url(port = this.port): string {
    return `amqp://guest:guest@127.0.0.1:${port}//`;
  }

  /** For looking into the server. */
  get inside(): ChannelModel {
    if (!this.#inside) throw new Error('RabbitMQ is not running');
    return this.#inside;
  }

  /** Looks into it anew, after its connections were closed. */
  async reconnect(): Promise<void> {
    this.#inside = await connect(this.url());
    this.#inside.on('error', () => {});
  }

  /** Starts it, or starts it again after `kill`. Resolves once it takes connections. */
  async start(): Promise<void> {
    const output: string[] = [];
    const lines = {
      1: (line: string) => output.push(line),
      2: (line: string) => output.push(line),
    };
    const server = new Child(script('rabbitmq-server'), [], { env: this.#env, lines });
    this.#server = server;
    for (;;) {
      if (!server.alive) throw new Error(`RabbitMQ did not start:\n${output.join('\n')}`);
      try {
        await this.reconnect();
        return;
      } catch {
        await delay(50);
      }
    }
  }

  /** The plug is pulled. What it confirmed as persistent is there again after `start`. */
  async kill(): Promise<void> {
    this.#inside = null;
    if (!this.#server) return;
    await this.#server.kill();
    this.#server = null;
  }

  /** It stands still with every connection open, until `thaw`. */
  freeze(): void {
    this.#server?.freeze();
  }

  thaw(): void {
    this.#server?.thaw();
  }

  /** What an operator would type after `rabbitmqctl`. */
  async control(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.#env };
    const { stdout } = await promisify(execFile)(script('rabbitmqctl'), ['-q', ...args], { env });
    return stdout;
  }

  /** Deletes every queue with all that is in it. */
  async empty(): Promise<void> {
    const deleted =
      '[rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- rabbit_amqqueue:list()]';
    await this.control('eval', `${deleted}, ok.`);
  }

  /** Deletes every queue, and every exchange that it did not make itself. */
  async reset(): Promise<void> {
    await this.empty();
    const names = (await this.control('--silent', 'list_exchanges', 'name')).split('\n');
    const channel = await this.inside.createChannel();
    for (const name of names) {
      if (name !== '' && !name.startsWith('amq.')) await channel.deleteExchange(name);
    }
    await channel.close();
  }

  /** Takes all that is in a queue, in the order in which one worker would get it. */
  async consumeAll(queue: string): Promise<Message[]> {
    const channel = await this.inside.createChannel();
    channel.on('error', () => {});
    const waiting = await channel.checkQueue(queue).catch(() => null);
    if (!waiting) return [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const taken: Message[] = [];
    const take = (message: Message | null): void => {
      if (message) taken.push(message);
      if (taken.length === waiting.messageCount) resolve(undefined);
    };
    if (waiting.messageCount === 0) resolve(undefined);
    else await channel.consume(queue, take, { noAck: true });
    await promise;
    await channel.close();
    return taken;
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.#inside?.close().catch(() => {});
    await this.kill();
    await this.#names.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A node that is no more than what a test needs; its alarms ring when they are told to. */
const CONFIG = (port: number, tlsPort: number) => `
listeners.tcp.1 = 127.0.0.1:${port}
listeners.ssl.1 = 127.0.0.1:${tlsPort}
ssl_options.certfile = ${certificate}
ssl_options.keyfile = ${certificateKey}
vm_memory_high_watermark.absolute = 2GB
disk_free_limit.absolute = 1MB
`;

function script(name: 'rabbitmq-server' | 'rabbitmqctl'): string {
  const found = findService('rabbitmq-server');
  if (found.path === null) throw new Error(found.missing);
  return join(dirname(found.path), name);
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await delay(20);
    } finally {
      socket.destroy();
    }
  }
}
