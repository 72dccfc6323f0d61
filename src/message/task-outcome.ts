import { isSendable } from './parse-instant.ts';

/** How a task ended, as its worker stored it in the result backend, or said it in an event. */
export interface TaskOutcome {
  readonly taskId: string;
  /** `SUCCESS`, `FAILURE` or `REVOKED`. */
  readonly state: string;
  /** When the worker stored it, or the task ended, epoch milliseconds; `null` if unknown. */
  readonly doneAt: number | null;
  /** Milliseconds; `null` if unknown. Events have it; among results, only those of shell commands. */
  readonly runtime: number | null;
  /** The name of the worker, which events have, and results with `result_extended`; else `null`. */
  readonly worker: string | null;
  /** The exception in one line; `null` unless the task failed, and where the backend does not contain it. */
  readonly error: string | null;
}

/** The states after which Celery's workers change nothing (its `READY_STATES`). */
export const FINAL_STATES = ['SUCCESS', 'FAILURE', 'REVOKED'] as const;

/** The longest error text, in characters. */
const MAX_ERROR = 1_000;
/** The longest name of a worker, in characters. */
const MAX_WORKER = 255;
/** A hundred years, in seconds. */
const MAX_RUNTIME = 100 * 366 * 86_400;

export function isFinal(state: unknown): state is string {
  return (FINAL_STATES as readonly unknown[]).includes(state);
}

/** An error as one line that is not longer than histories store. */
export function toErrorLine(text: string): string | null {
  return toLine(text, MAX_ERROR);
}

/** The name of a worker as one line; `null` for none. */
export function toWorkerName(name: unknown): string | null {
  return typeof name === 'string' ? toLine(name, MAX_WORKER) : null;
}

/** A runtime in seconds as milliseconds; `null` for a value that is none. */
export function parseRuntime(seconds: unknown): number | null {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MAX_RUNTIME)) return null;
  return Math.round(seconds * 1_000);
}

/**
 * A text of a worker as one line of at most `most` characters, without lone surrogates and the control
 * sequences of terminals; `null` for none.
 */
function toLine(text: string, most: number): string | null {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line === '') return null;
  const short = line.length > most ? `${line.slice(0, most - 1)}…` : line;
  return short.toWellFormed();
}

/** The last line of a traceback of Python, which names the exception. */
export function lastLine(traceback: string): string | null {
  return toErrorLine(traceback.trimEnd().split('\n').at(-1)!);
}

/** Parses what Python writes: ISO 8601, in UTC unless it has an offset. `null` for anything else. */
export function parsePythonDate(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const iso = text.trim().replace(' ', 'T');
  const hasOffset = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(iso.slice(10));
  const at = Date.parse(hasOffset ? iso : `${iso}Z`);
  return isSendable(at) ? at : null;
}
