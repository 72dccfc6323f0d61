import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../util/clock.ts';

/** Milliseconds between the first signal and SIGKILL. */
const GRACE = 10_000;

/** Milliseconds between two checks of a group that received a signal. */
const INTERVAL = 50;

const NEVER = new AbortController().signal;

/** A process and all its descendants that did not create a group of their own. */
export class ProcessGroup {
  readonly #leader: number;
  readonly #kill: Host['kill'];
  readonly #clock: Clock;

  constructor(leader: number, { kill }: Host, clock: Clock) {
    this.#leader = leader;
    this.#kill = kill;
    this.#clock = clock;
  }

  /** Sends the signal, and SIGKILL if a process of the group is left after the grace period. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    const deadline = this.#clock.monotonic() + GRACE;
    while (this.#isRunning()) {
      if (this.#clock.monotonic() >= deadline) return void this.signal('SIGKILL');
      await this.#clock.sleep(INTERVAL, NEVER);
    }
  }

  /** Signals all processes of the group; does nothing if it has ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      this.#kill(-this.#leader, signal);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  #isRunning(): boolean {
    try {
      this.#kill(-this.#leader, 0);
      return true;
    } catch (error) {
      return !isGone(error);
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

/** The parts of the worker's own process that jobs need. */
export interface Host {
  /** The environment; jobs inherit it without beat's own settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user id. */
  readonly uid: number;
  /** Sends a signal to a process, or to a process group if the number is negative; 0 only checks. */
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void;
}

/** Reads a stream to its end and retains the last bytes, so that the job never waits for its output to be read. */
export class OutputTail {
  readonly #stream: Readable;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(stream: Readable, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    // The pipe of a process in the background may fail after the job has ended.
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
