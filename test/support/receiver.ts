import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Journal } from './journal.ts';

interface Received {
  readonly path: string;
  readonly body: string;
}

/** An HTTP server that receives alerts. */
export class Receiver implements Disposable {
  readonly received = new Journal<Received>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.received.add({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.end('ok');
    });
  }).listen(0, '127.0.0.1');

  async url(): Promise<string> {
    if (!this.#server.listening) await new Promise((done) => this.#server.once('listening', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
