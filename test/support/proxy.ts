import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP proxy to a server on this host, with network faults that tests switch on and off. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  /** The delay of every chunk, in each direction. Milliseconds. */
  latency = 0;
  readonly #server: Server;
  /** From the client's socket to the server's. */
  readonly #connections = new Map<Socket, Socket>();
  /** Connections whose replies are dropped, with a callback for each dropped one. */
  readonly #dropping = new Map<Socket, () => void>();
  #refusing = false;
  /** Blocks both directions until it resolves. */
  #gate: PromiseWithResolvers<void> | null = null;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      if (this.#refusing) return void client.destroy();
      const upstream = connect(target, '127.0.0.1');
      this.#connections.set(client, upstream);
      for (const socket of [client, upstream]) socket.on('error', () => {});
      this.#forward(client, upstream, (request) => upstream.write(request));
      this.#forward(upstream, client, (answer) => {
        const dropped = this.#dropping.get(client);
        if (dropped) dropped();
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
   * Drops every further reply on the present connections, not on new ones. Resolves when the first reply
   * is dropped.
   */
  dropReplies(): Promise<void> {
    return new Promise((dropped) => {
      for (const client of this.#connections.keys()) this.#dropping.set(client, dropped);
    });
  }

  /** Closes every present connection. */
  cut(): void {
    for (const [client, upstream] of this.#connections) this.#cut(client, upstream);
  }

  /** Closes every connection and rejects new ones until `accept`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  accept(): void {
    this.#refusing = false;
  }

  /**
   * Delays everything in both directions until `flow`, which delivers it in order, even from a sender that
   * has closed its connection.
   */
  stall(): void {
    this.#gate ??= Promise.withResolvers();
  }

  flow(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** Forwards one direction of a connection; chunks keep their order. */
  #forward(from: Socket, to: Socket, deliver: (chunk: Buffer) => void): void {
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
      // Delivers everything before it closes the other side.
      void last.then(() => {
        this.#forget(from);
        to.end();
      });
    });
  }

  #forget(socket: Socket): void {
    this.#connections.delete(socket);
    this.#dropping.delete(socket);
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
