import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A wire to a server on this host that can be damaged. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  /** From the client's side to the server's. */
  readonly #connections = new Map<Socket, Socket>();
  /** Connections whose answers are lost, and whom to tell of it. */
  readonly #mute = new Map<Socket, () => void>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      this.#connections.set(client, upstream);
      client.on('data', (request) => upstream.write(request));
      upstream.on('data', (answer) => {
        const swallowed = this.#mute.get(client);
        if (swallowed) swallowed();
        else client.write(answer);
      });
      for (const socket of [client, upstream]) {
        socket.on('error', () => {});
        socket.on('close', () => this.#cut(client, upstream));
      }
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

  #cut(client: Socket, upstream: Socket): void {
    this.#connections.delete(client);
    this.#mute.delete(client);
    client.destroy();
    upstream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
