import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a fake server does with a connection. */
export type Behaviour = (socket: Socket) => void;

/** A server on this host that does not speak the protocol that its clients expect. */
export class FakeServer implements AsyncDisposable {
  readonly port: number;
  /** Resolves with the first connection. */
  readonly connected: Promise<unknown>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, behaviour: Behaviour) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.connected = once(server, 'connection');
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      behaviour(socket);
    });
  }

  static async start(behaviour: Behaviour): Promise<FakeServer> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeServer(server, behaviour);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Sends the chunk over and over, as fast as the client reads. */
export function flood(chunk: string | Buffer): Behaviour {
  const block = Buffer.concat(Array(Math.ceil(65_536 / chunk.length)).fill(Buffer.from(chunk)));
  return (socket) => {
    socket.resume();
    const pour = () => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', pour);
    pour();
  };
}

/** Reads and never replies. */
export const neverAnswer: Behaviour = (socket) => void socket.resume();

/** Half-closes the connection at once. */
export const halfOpen: Behaviour = (socket) => void socket.resume().end();

export const closeAtOnce: Behaviour = (socket) => void socket.destroy();

/** Sends one reply and nothing after it. */
export function sendOnce(respond: string | Buffer): Behaviour {
  return (socket) => void socket.resume().write(respond);
}

/** Sends the same byte every few milliseconds. */
export function drip(byte: string): Behaviour {
  return (socket) => {
    const timer = setInterval(() => socket.write(byte), 5);
    socket.resume().on('close', () => clearInterval(timer));
  };
}

/** Replies as a web server does to an invalid request. */
export const answerAsHttp = sendOnce('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');

/** Replies with the alert of a TLS server to a plaintext request. */
export const answerTlsAlert = sendOnce(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]));

/** Replies to each chunk from the client; chunks are numbered from 0. */
export function answer(reply: (request: Buffer, number: number) => string | Buffer): Behaviour {
  return (socket) => {
    let number = 0;
    socket.on('data', (request: Buffer) => void socket.write(reply(request, number++)));
  };
}

/** Proxies a real server and inserts garbage after that many bytes of its replies. */
export function injectAfter(target: number, after: number, garbage: Buffer): Behaviour {
  return (socket) => {
    const upstream = connect(target, '127.0.0.1');
    let passed = 0;
    upstream.on('error', () => {});
    upstream.on('data', (data) => {
      if (passed <= after && passed + data.length > after) {
        socket.write(Buffer.concat([data.subarray(0, after - passed), garbage]));
        socket.write(data.subarray(after - passed));
      } else if (!socket.destroyed) {
        socket.write(data);
      }
      passed += data.length;
    });
    upstream.on('close', () => socket.destroy());
    socket.on('data', (data) => void upstream.write(data));
    socket.on('close', () => upstream.destroy());
  };
}
