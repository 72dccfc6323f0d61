import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Records the client sockets that this process opens, and how much it reads from each. */
export class ClientSockets implements Disposable {
  readonly #sockets: Socket[] = [];
  readonly #add = (message: unknown) => {
    this.#sockets.push((message as { socket: Socket }).socket);
  };

  constructor() {
    subscribe('net.client.socket', this.#add);
  }

  /** Returns the bytes read from each connection. */
  bytesRead(): number[] {
    return this.#sockets.map((socket) => socket.bytesRead);
  }

  [Symbol.dispose](): void {
    unsubscribe('net.client.socket', this.#add);
  }
}
