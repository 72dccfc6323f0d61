import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A wire to a server on this host that can be damaged. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowed: (() => void) | null = null;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      upstream.on('data', (answer) => {
        if (this.#swallowed) this.#swallowed();
        else client.write(answer);
      });
      client.on('data', (request) => upstream.write(request));
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async to(target: number): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target);
  }

  /** From now on no answer comes back. Resolves with the first that does not. */
  swallowAnswers(): Promise<void> {
    return new Promise((resolve) => (this.#swallowed = resolve));
  }

  /** Cuts every connection; new ones are whole. */
  cut(): void {
    this.#swallowed = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
