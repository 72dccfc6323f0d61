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

/** A RabbitMQ server for one test file, on free ports, in a temporary folder. */
export class RabbitServer implements AsyncDisposable {
  readonly port: number;
  /** The port for TLS, with the certificate in the folder `tls`. */
  readonly tlsPort: number;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #epmd: Child;
  #server: Child | null = null;
  #admin: ChannelModel | null = null;

  private constructor(port: number, tlsPort: number, distribution: number, epmd: number) {
    this.port = port;
    this.tlsPort = tlsPort;
    const folder = mkdtempSync(join(tmpdir(), 'beat-rabbitmq-'));
    this.#folder = folder;
    writeFileSync(join(folder, 'rabbitmq.conf'), CONFIG(port, tlsPort));
    writeFileSync(join(folder, 'plugins'), '[].');
    this.#env = {
      // Erlang stores the cookie for authentication between nodes here.
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
      // The script replaces itself with the server, so that signals reach the server.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
    };
    this.#epmd = new Child('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], {
      env: this.#env,
      lines: {},
    });
  }

  static async start(): Promise<RabbitServer> {
    const [port, tlsPort, distribution] = [await freePort(), await freePort(), await freePort()];
    const epmd = await freePort();
    const server = new RabbitServer(port, tlsPort, distribution, epmd);
    // Without a running epmd the server would start one that outlives it.
    await waitForPort(epmd);
    await server.start();
    return server;
  }

  /** `amqp://guest:guest@127.0.0.1:port//` */
  url(port = this.port): string {
    return `amqp://guest:guest@127.0.0.1:${port}//`;
  }

  /** A connection that tests use to inspect the server. */
  get admin(): ChannelModel {
    if (!this.#admin) throw new Error('RabbitMQ is not running');
    return this.#admin;
  }

  /** Opens the admin connection again after its connections were closed. */
  async reconnect(): Promise<void> {
    this.#admin = await connect(this.url());
    this.#admin.on('error', () => {});
  }

  /** Starts it, also after `kill`. Resolves when it accepts connections. */
  async start(): Promise<void> {
    const output: string[] = [];
    const lines = {
      1: (line: string) => output.push(line),
      2: (line: string) => output.push(line),
    };
    const server = new Child(findProgram('rabbitmq-server'), [], { env: this.#env, lines });
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

  /** Kills it. Confirmed persistent messages are there again after `start`. */
  async kill(): Promise<void> {
    this.#admin = null;
    if (!this.#server) return;
    await this.#server.kill();
    this.#server = null;
  }

  /** Stops it with its connections open, until `thaw`. */
  freeze(): void {
    this.#server?.freeze();
  }

  thaw(): void {
    this.#server?.thaw();
  }

  /** Runs `rabbitmqctl` with these arguments; returns its output. */
  async control(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.#env };
    const { stdout } = await promisify(execFile)(findProgram('rabbitmqctl'), ['-q', ...args], {
      env,
    });
    return stdout;
  }

  /** Deletes every queue with its messages. */
  async empty(): Promise<void> {
    await this.#evaluate(
      '[rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- rabbit_amqqueue:list()].',
    );
  }

  /** Deletes every queue, and every exchange that is not built in. */
  async reset(): Promise<void> {
    await this.empty();
    await this.#evaluate(`
      Names = [N || N = {resource, _, exchange, _} <- rabbit_exchange:list_names()],
      Own = [N || N = {_, _, _, X} <- Names, re:run(X, "^(amq[.]|$)") =:= nomatch],
      [rabbit_exchange:delete(N, false, <<"test">>) || N <- Own].`);
  }

  /** Evaluates Erlang in the server, which `rabbitmqctl eval` takes a second for: it starts a virtual machine. */
  async #evaluate(code: string): Promise<void> {
    const node = this.#env['RABBITMQ_NODENAME']!;
    const env = { ...process.env, ...this.#env };
    const answer = promisify(execFile)('erl_call', ['-sname', node, '-e'], { env });
    answer.child.stdin!.end(`${code}\n`);
    const { stdout } = await answer;
    if (!stdout.startsWith('{ok,')) throw new Error(`RabbitMQ answered ${stdout} to ${code}`);
  }

  /** Consumes all messages of a queue, in the order in which a single worker receives them. */
  async consumeAll(queue: string): Promise<Message[]> {
    const channel = await this.admin.createChannel();
    channel.on('error', () => {});
    const waiting = await channel.checkQueue(queue).catch(() => null);
    if (!waiting) return [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const taken: Message[] = [];
    const onMessage = (message: Message | null): void => {
      if (message) taken.push(message);
      if (taken.length === waiting.messageCount) resolve(undefined);
    };
    if (waiting.messageCount === 0) resolve(undefined);
    else await channel.consume(queue, onMessage, { noAck: true });
    await promise;
    await channel.close();
    return taken;
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    await this.#admin?.close().catch(() => {});
    await this.kill();
    await this.#epmd.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A node with low requirements: its memory and disk alarms are raised only by a test. */
const CONFIG = (port: number, tlsPort: number) => `
listeners.tcp.1 = 127.0.0.1:${port}
listeners.ssl.1 = 127.0.0.1:${tlsPort}
ssl_options.certfile = ${certificate}
ssl_options.keyfile = ${certificateKey}
vm_memory_high_watermark.absolute = 2GB
disk_free_limit.absolute = 1MB
`;

function findProgram(name: 'rabbitmq-server' | 'rabbitmqctl'): string {
  const found = findService('rabbitmq-server');
  if (found.path === null) throw new Error(found.missing);
  return join(dirname(found.path), name);
}

async function waitForPort(port: number): Promise<void> {
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
