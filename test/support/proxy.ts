import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A wire to a server on this host that can be damaged. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  /** How long everything is under way, in each direction. Milliseconds. */
  latency = 0;
  readonly #server: Server;
  /** From the client's side to the server's. */
  readonly #connections = new Map<Socket, Socket>();
  /** Connections whose answers are lost, and whom to tell of it. */
  readonly #mute = new Map<Socket, () => void>();
  #refusing = false;
  /** Resolves when what is held up may go on. */
  #gate: PromiseWithResolvers<void> | null = null;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      if (this.#refusing) return void client.destroy();
      const upstream = connect(target, '127.0.0.1');
      this.#connections.set(client, upstream);
      for (const socket of [client, upstream]) socket.on('error', () => {});
      this.#carry(client, upstream, (request) => upstream.write(request));
      this.#carry(upstream, client, (answer) => {
        const swallowed = this.#mute.get(client);
        if (swallowed) swallowed();
        else client.write(answer);
      });
    });
  }

  static async to(target: number): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target);
  }

  /**
   * From now on no answer comes back over the connections there are; new ones are whole. Resolves with
   * the first answer that is lost.
   */
  swallowAnswers(): Promise<void> {
    return new Promise((swallowed) => {
      for (const client of this.#connections.keys()) this.#mute.set(client, swallowed);
    });
  }

  /** Cuts every connection; new ones are whole. */
  cut(): void {
    for (const [client, upstream] of this.#connections) this.#cut(client, upstream);
  }

  /** Cuts every connection and takes no new ones, until `accept`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  accept(): void {
    this.#refusing = false;
  }

  /**
   * Holds everything up, in both directions, until `flow`: then it arrives, in order, even from a sender
   * that has given up and is gone.
   */
  stall(): void {
    this.#gate ??= Promise.withResolvers();
  }

  flow(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** One direction of a connection: chunks keep their order however long they are under way. */
  #carry(from: Socket, to: Socket, deliver: (chunk: Buffer) => void): void {
    let last = Promise.resolve();
    let waiting = 0;
    const arrive = async (chunk: Buffer, before: Promise<void>, due: Promise<void>) => {
      await before;
      await due;
      await this.#gate?.promise;
      waiting -= 1;
      if (!to.destroyed) deliver(chunk);
    };
    from.on('data', (chunk: Buffer) => {
      if (waiting === 0 && this.latency === 0 && !this.#gate) return deliver(chunk);
      waiting += 1;
      last = arrive(chunk, last, delay(this.latency));
    });
    from.on('close', () => {
      // What was sent before the end arrives before the end.
      void last.then(() => {
        this.#forget(from);
        to.end();
      });
    });
  }

  #forget(socket: Socket): void {
    this.#connections.delete(socket);
    this.#mute.delete(socket);
  }

  #cut(client: Socket, upstream: Socket): void {
    this.#forget(client);
    client.destroy();
    upstream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.flow();
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
