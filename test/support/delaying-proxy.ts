import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Journal } from './journal.ts';

/** A proxy to a server on this host that delivers requests after their sender has given up. */
export class DelayingProxy implements AsyncDisposable {
  readonly port: number;
  /** The requests that wait for `deliver`. */
  readonly delayed = new Journal<string>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #late: (() => Promise<void>)[] | null = null;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      client.on('data', (request) => {
        if (!this.#late) return void upstream.write(request);
        this.#late.push(async () => {
          const answered = once(upstream, 'data');
          upstream.write(request);
          await answered;
        });
        this.delayed.add(request.toString());
      });
      upstream.on('data', (answer) => void (client.destroyed || client.write(answer)));
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
      }
    });
  }

  static async to(target: number): Promise<DelayingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new DelayingProxy(server, target);
  }

  delay(): void {
    this.#late = [];
  }

  /** Delivers the delayed requests in order; resolves when the server has replied to the last. */
  async deliver(): Promise<void> {
    const late = this.#late ?? [];
    this.#late = null;
    for (const send of late) await send();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
