import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

/** A named pipe that is read only when the test calls `read`. */
export class Fifo implements Disposable {
  readonly path: string;
  #fd: number | null;

  constructor(path: string) {
    execFileSync('mkfifo', [path]);
    this.path = path;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** Writes whole lines until the pipe is full. */
  fill(): void {
    for (const size of [4_096, 16, 1]) {
      const chunk = `${'.'.repeat(size - 1)}\n`;
      while (this.#attempt(() => writeSync(this.#fd!, chunk)) !== null);
    }
  }

  /** Returns the lines that can be read now, without those of `fill`. */
  read(): string[] {
    let text = '';
    const buffer = Buffer.alloc(1 << 16);
    for (;;) {
      const length = this.#attempt(() => readSync(this.#fd!, buffer));
      if (length === null || length === 0) break;
      text += buffer.toString('utf8', 0, length);
    }
    return text.split('\n').filter((line) => !/^\.*$/.test(line));
  }

  /** Closes the reading end. */
  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #attempt(work: () => number): number | null {
    try {
      return work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
      throw error;
    }
  }
}
