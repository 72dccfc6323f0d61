import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../util/clock.ts';

/** Milliseconds between the first signal and SIGKILL. */
const GRACE = 10_000;

/** Milliseconds between two checks of a group that received a signal. */
const INTERVAL = 50;

/** The parts of the worker's own process that jobs need. */
export interface Host {
  /** The environment; jobs inherit it without beat's own settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Sends a signal to a process, or to a process group if the number is negative; 0 only checks. */
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void;
}

/** A process and all its descendants that did not create a group of their own. */
export interface ProcessGroup {
  /** Sends the signal, and SIGKILL if a process of the group is left after the grace period. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
  /** Signals all processes of the group; does nothing if it has ended. */
  readonly signal: (signal: NodeJS.Signals) => void;
}

export function groupOf(leader: number, { kill }: Host, clock: Clock): ProcessGroup {
  const signal = (name: NodeJS.Signals) => {
    try {
      kill(-leader, name);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  };
  const isRunning = () => {
    try {
      kill(-leader, 0);
      return true;
    } catch (error) {
      return !isGone(error);
    }
  };
  const end = async (name: NodeJS.Signals) => {
    signal(name);
    const deadline = clock.monotonic() + GRACE;
    while (isRunning()) {
      if (clock.monotonic() >= deadline) return void signal('SIGKILL');
      await clock.sleep(INTERVAL, new AbortController().signal);
    }
  };
  return { end, signal };
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

interface OutputTail {
  /** The retained bytes; invalid UTF-8 is replaced. */
  readonly text: () => string;
  /** Discards all output, and does not wait for its end: closing it would end a background process that writes. */
  readonly detach: () => void;
}

/** Reads a stream to its end and retains the last bytes, so that the job never waits for its output to be read. */
export function readTail(stream: Readable, limit: number): OutputTail {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    while (chunks.length > 0 && size - chunks[0]!.length >= limit) size -= chunks.shift()!.length;
  });
  // The pipe of a process in the background may fail after the job has ended.
  stream.on('error', () => {});
  return {
    text: () =>
      Buffer.concat(chunks)
        .subarray(Math.max(0, size - limit))
        .toString(),
    detach: () => {
      stream.removeAllListeners('data').resume();
      if (stream instanceof Socket) stream.unref();
    },
  };
}
