import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { systemClock, type Clock } from '../../util/clock.ts';

/** Bytes that wait for a slow reader; lines beyond them are dropped. Two thousand runs of one burst and more. */
const QUEUE_LIMIT = 1 << 20;

/** Milliseconds between two attempts while a pipe or terminal is full. */
const RETRY_INTERVAL = 50;

/** Milliseconds that the end waits for a reader that takes nothing, and for one that is slow. */
const IDLE_LIMIT = 500;
const END_LIMIT = 2_000;

interface Queued {
  readonly bytes: Uint8Array;
  /** How many dropped lines this one reports; 0 for an ordinary line. */
  readonly reports: number;
  /** The beginning has been written, so the rest must follow, or the next line is garbled. */
  readonly begun: boolean;
}

/** Formats the line that reports `count` dropped lines; an empty text reports nothing. */
export type DropReport = (count: number, cause: Error | null) => string;

export interface LineOutputOptions {
  /** Receives the lines that are dropped here. */
  readonly fallback?: LineOutput;
  readonly queueLimit?: number;
  readonly clock?: Clock;
}

/**
 * Writes lines to a file descriptor without ever blocking or throwing, because no log is a reason not to
 * schedule. A line is written before `write` returns where that is possible. Lines wait for a pipe or a
 * terminal that is full, up to a limit; they are dropped and counted beyond it, and while the descriptor
 * cannot be written at all (full disk, closed reader). The first line that fits again follows a report of
 * the dropped ones.
 */
export class LineOutput {
  readonly #clock: Clock;
  readonly #queueLimit: number;
  readonly #fallback: LineOutput | undefined;
  readonly #ended = new AbortController();
  #fd: number;
  #report: DropReport = () => '';
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #cause: Error | null = null;
  #retrying = false;

  constructor(fd: number, options: LineOutputOptions = {}) {
    this.#fd = fd;
    this.#clock = options.clock ?? systemClock;
    this.#fallback = options.fallback;
    this.#queueLimit = options.queueLimit ?? QUEUE_LIMIT;
  }

  reportDropsWith(report: DropReport): void {
    this.#report = report;
  }

  /** Continues on another descriptor, as after a rotation. The rest of a line stays out of the new file. */
  redirect(fd: number): void {
    this.#fd = fd;
    this.#dropQueue((queued) => queued.begun);
  }

  write(line: string): void {
    this.#flush();
    const next = { bytes: Buffer.from(line), reports: 0, begun: false };
    if (this.#dropped > 0) {
      // Reported once the queue is empty: before that, every gap would add a report to a full queue.
      if (this.#queue.length > 0) return this.#drop(next);
      const reports = this.#dropped;
      const report = Buffer.from(this.#report(reports, this.#cause));
      this.#dropped = 0;
      if (report.length > 0) this.#enqueue({ bytes: report, reports, begun: false });
      this.#flush();
    }
    this.#enqueue(next);
    this.#flush();
  }

  /** Gives a slow reader a last chance. Resolves within two seconds, whatever the reader does. */
  async end(): Promise<void> {
    const clock = this.#clock;
    const start = clock.monotonic();
    let progressAt = start;
    let left = this.#queuedBytes;
    while (this.#queue.length > 0) {
      const now = clock.monotonic();
      if (now - start >= END_LIMIT || now - progressAt >= IDLE_LIMIT) break;
      await clock.sleep(RETRY_INTERVAL, this.#ended.signal);
      this.#flush();
      if (this.#queuedBytes < left) progressAt = clock.monotonic();
      left = this.#queuedBytes;
    }
    this.#ended.abort();
  }

  #enqueue(queued: Queued): void {
    const { length } = queued.bytes;
    // A line longer than the limit is tried as well, where nothing waits before it.
    if (this.#queue.length > 0 && this.#queuedBytes + length > this.#queueLimit) {
      this.#cause = null;
      return this.#drop(queued);
    }
    this.#queue.push(queued);
    this.#queuedBytes += length;
  }

  #drop({ bytes, reports, begun }: Queued): void {
    this.#dropped += Math.max(1, reports);
    if (reports === 0 && !begun) this.#fallback?.write(Buffer.from(bytes).toString());
  }

  #flush(): void {
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const written = this.#tryToWrite(head.bytes);
      if (written === null) return this.#dropQueue((queued) => !queued.begun);
      this.#queuedBytes -= written;
      if (written === head.bytes.length) {
        this.#queue.shift();
        continue;
      }
      if (written === 0) return this.#retryLater();
      this.#queue[0] = { ...head, bytes: head.bytes.subarray(written), begun: true };
    }
  }

  /** The number of bytes written, 0 while the reader is behind; `null` when nothing can be written. */
  #tryToWrite(bytes: Uint8Array): number | null {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return 0;
      this.#cause = error as Error;
      return null;
    }
  }

  #dropQueue(isDropped: (queued: Queued) => boolean): void {
    const queue = this.#queue;
    this.#queue = queue.filter((queued) => !isDropped(queued));
    this.#queuedBytes = this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
    queue.filter(isDropped).forEach((queued) => this.#drop(queued));
  }

  #retryLater(): void {
    const { signal } = this.#ended;
    if (this.#retrying || signal.aborted) return;
    this.#retrying = true;
    void this.#clock.sleep(RETRY_INTERVAL, signal).then(() => {
      this.#retrying = false;
      if (!signal.aborted) this.#flush();
    });
  }
}

/**
 * Opens standard output (1) or standard error (2) such that a full pipe or a stopped terminal does not
 * block the process: as an open file of our own, so that the mode of those that share it stays as it is.
 */
export function openStream(fd: 1 | 2): number {
  // A socket cannot be opened anew. Node puts it into non-blocking mode when its stream is first used.
  void (fd === 1 ? process.stdout : process.stderr);
  if (process.platform !== 'linux') return fd;
  try {
    if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
    return openSync(
      `/proc/self/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    // Another user's pipe after --uid, a sandbox without /proc: the descriptor itself still works.
    return fd;
  }
}
