import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from './child.ts';
import { findProgram, RabbitNode } from './rabbitmq-node.ts';
import { certificate, certificateKey, freePort } from './redis.ts';

/**
 * A RabbitMQ server of its own, on free ports, in a temporary folder. A start takes five seconds of CPU: test files
 * use `borrowRabbit`.
 */
export class RabbitServer extends RabbitNode {
  readonly #folder: string;
  readonly #epmd: Child;
  #server: Child | null = null;

  private constructor(port: number, tlsPort: number, distribution: number, epmd: number) {
    const folder = mkdtempSync(join(tmpdir(), 'beat-rabbitmq-'));
    writeFileSync(join(folder, 'rabbitmq.conf'), CONFIG(port, tlsPort));
    writeFileSync(join(folder, 'plugins'), '[].');
    const env = {
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
    super({ port, tlsPort, env });
    this.#folder = folder;
    this.#epmd = new Child('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], { env, lines: {} });
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

  /** Starts it, also after `kill`. Resolves when it accepts connections. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#start();
        return;
      } catch (error) {
        // While it does not run, the system may lend one of its ports to a connection.
        if (attempt === ATTEMPTS) throw error;
        await delay(500);
      }
    }
  }

  async #start(): Promise<void> {
    const output: string[] = [];
    const lines = { 1: (line: string) => output.push(line), 2: (line: string) => output.push(line) };
    const server = new Child(findProgram('rabbitmq-server'), [], { env: this.address.env, lines });
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
    this.connection = null;
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

  /** Lets it run again after `freeze` or `kill`. */
  async resume(): Promise<void> {
    this.thaw();
    if (!this.#server) await this.start();
  }

  /** Stops it and removes its folder. */
  override async stop(): Promise<void> {
    await super.stop();
    await this.kill();
    await this.#epmd.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** How often a start is tried. */
const ATTEMPTS = 3;

/** A node with low requirements: its memory and disk alarms are raised only by a test. */
const CONFIG = (port: number, tlsPort: number) => `
listeners.tcp.1 = 127.0.0.1:${port}
listeners.ssl.1 = 127.0.0.1:${tlsPort}
ssl_options.certfile = ${certificate}
ssl_options.keyfile = ${certificateKey}
vm_memory_high_watermark.absolute = 2GB
disk_free_limit.absolute = 1MB
`;

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
