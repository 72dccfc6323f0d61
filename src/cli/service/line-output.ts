import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Clock } from '../../util/clock.ts';
import { systemClock } from '../../util/system-clock.ts';

/** The most bytes that are queued for a slow reader; lines beyond them are dropped. Enough for a burst of 2,000 runs. */
const QUEUE_LIMIT = 1 << 20;

/** Milliseconds between attempts to write while a pipe or terminal is full. */
const RETRY_INTERVAL = 50;

/** Milliseconds that `end` waits without progress, and in total. */
const IDLE_LIMIT = 500;
const END_LIMIT = 2_000;

interface Queued {
  readonly bytes: Uint8Array;
  /** The number of dropped lines that this line reports; 0 for an ordinary line. */
  readonly reports: number;
  /** Whether the beginning has been written: the rest must follow, or the next line is garbled. */
  readonly begun: boolean;
}

/** Formats the line that reports `count` dropped lines; with an empty text, no line is written. */
export type DropReport = (count: number, cause: Error | null) => string;

export interface LineOutputOptions {
  /** Receives the lines that are dropped here. */
  readonly fallback?: LineOutput;
  readonly queueLimit?: number;
  readonly clock?: Clock;
}

/**
 * Writes lines to a file descriptor without blocking or throwing, so that a log never stops the schedule.
 * Lines are queued while a pipe or terminal is full. Lines beyond the queue's limit, and lines that cannot
 * be written at all (full disk, closed reader), are dropped and counted; the count is reported before the
 * next line that can be written.
 */
export class LineOutput {
  readonly #options: LineOutputOptions & { readonly queueLimit: number; readonly clock: Clock };
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
    this.#options = { queueLimit: QUEUE_LIMIT, clock: systemClock, ...options };
  }

  reportDropsWith(report: DropReport): void {
    this.#report = report;
  }

  /** Continues on another descriptor, as after a log rotation. Drops the rest of a partly written line. */
  redirect(fd: number): void {
    this.#fd = fd;
    this.#dropQueue((queued) => queued.begun);
  }

  write(line: string): void {
    this.#flush();
    const next = { bytes: Buffer.from(line), reports: 0, begun: false };
    if (this.#dropped > 0) {
      // Reported only when the queue is empty, or every gap would add a report to a full queue.
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

  /** Waits until a slow reader has read the queue. Resolves within two seconds in any case. */
  async end(): Promise<void> {
    const { clock } = this.#options;
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
    // An empty queue accepts a line of any length.
    if (this.#queue.length > 0 && this.#queuedBytes + length > this.#options.queueLimit) {
      this.#cause = null;
      return this.#drop(queued);
    }
    this.#queue.push(queued);
    this.#queuedBytes += length;
  }

  #drop({ bytes, reports, begun }: Queued): void {
    this.#dropped += Math.max(1, reports);
    if (reports === 0 && !begun) this.#options.fallback?.write(Buffer.from(bytes).toString());
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

  /** Returns the number of bytes written, 0 while the pipe is full, `null` if the descriptor cannot be written. */
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
    void this.#options.clock.sleep(RETRY_INTERVAL, signal).then(() => {
      this.#retrying = false;
      if (!signal.aborted) this.#flush();
    });
  }
}

/**
 * Opens standard output (1) or standard error (2) in non-blocking mode, so that a full pipe or a stopped
 * terminal does not block the process. It opens a new file description, because processes that share the
 * old one would become non-blocking too.
 */
export function openStream(fd: 1 | 2): number {
  // A socket cannot be reopened. Node makes it non-blocking when its stream is first used.
  void (fd === 1 ? process.stdout : process.stderr);
  if (process.platform !== 'linux') return fd;
  try {
    if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's pipe after --uid, or a sandbox without /proc: the descriptor itself can be used.
    return fd;
  }
}
