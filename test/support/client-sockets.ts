import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** The sockets that this process opens to servers, and what it has read from them. */
export class ClientSockets implements Disposable {
  readonly #sockets: Socket[] = [];
  readonly #made = (message: unknown) => {
    this.#sockets.push((message as { socket: Socket }).socket);
  };

  constructor() {
    subscribe('net.client.socket', this.#made);
  }

  /** Bytes that were read, per connection. */
  bytesRead(): number[] {
    return this.#sockets.map((socket) => socket.bytesRead);
  }

  [Symbol.dispose](): void {
    unsubscribe('net.client.socket', this.#made);
  }
}
