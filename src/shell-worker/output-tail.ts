import type { Readable } from 'node:stream';
import { Socket } from 'node:net';

/** Reads a stream to its end and retains the last bytes, so that the command never waits for its output to be read. */
export class OutputTail {
  readonly #stream: Readable;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(stream: Readable, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    // The pipe of a process in the background may fail after the command has ended.
    stream.on('error', () => {});
  }

  /** The retained bytes; invalid UTF-8 is replaced. */
  get text(): string {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - this.#limit)).toString();
  }

  /**
   * Discards all bytes from now on and lets this process exit before the stream ends. A process in the background may
   * hold the stream open; closing it would end that process at its next output.
   */
  detach(): void {
    this.#stream.removeAllListeners('data').resume();
    if (this.#stream instanceof Socket) this.#stream.unref();
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#chunks.length > 0 && this.#size - this.#chunks[0]!.length >= this.#limit) {
      this.#size -= this.#chunks.shift()!.length;
    }
  }
}
