import { parseJson } from '../util/decode/json.ts';
import { MAX_LENGTH } from '../util/decode/limits.ts';
import { isMap } from '../util/is-map.ts';
import { isSendable } from './parse-instant.ts';
import { lastLine, parseRuntime, toErrorLine, toWorkerName } from './task-outcome.ts';

/** What a worker says about a task in Celery's task events: it began (`started`), or it ended (`ended`). */
export type TaskEvent = Started | Ended;

interface Common {
  readonly taskId: string;
  /** When it happened, epoch milliseconds, by the worker's clock. */
  readonly at: number;
  /** The name of the worker, such as `celery@host`. */
  readonly worker: string;
}

interface Started extends Common {
  readonly kind: 'started';
}

export interface Ended extends Common {
  readonly kind: 'ended';
  readonly state: 'SUCCESS' | 'FAILURE' | 'REVOKED';
  /** Milliseconds; `null` unless the task succeeded: Celery sends it for no other end. */
  readonly runtime: number | null;
  /** The exception in one line; `null` unless the task failed. */
  readonly error: string | null;
}

/** The longest body of a message of events, bytes: a worker sends some hundreds of events in one message. */
export const MAX_EVENTS_BODY = MAX_LENGTH;

/**
 * The events in the body of a message, in their order: a worker sends one event, or a list. Everything else is left out:
 * any program that can write to the broker can send such a message.
 */
export function parseTaskEvents(body: Buffer): readonly TaskEvent[] {
  let data: unknown;
  if (body.length > MAX_EVENTS_BODY) return [];
  try {
    data = parseJson(body.toString());
  } catch {
    return [];
  }
  return (Array.isArray(data) ? (data as unknown[]) : [data]).flatMap(
    (event) => parseEvent(event) ?? [],
  );
}

function parseEvent(event: unknown): TaskEvent | null {
  if (!isMap(event)) return null;
  const { type, uuid: taskId, timestamp, hostname } = event;
  if (typeof taskId !== 'string' || typeof hostname !== 'string') return null;
  const at = typeof timestamp === 'number' ? Math.round(timestamp * 1_000) : NaN;
  // A program that writes milliseconds or nanoseconds must not put dates into the history that no calendar has.
  if (!isSendable(at)) return null;
  const common = { taskId, worker: toWorkerName(hostname) ?? '', at };
  switch (type) {
    case 'task-started':
      return { ...common, kind: 'started' };
    case 'task-succeeded':
      return { ...common, ...ENDED, state: 'SUCCESS', runtime: parseRuntime(event['runtime']) };
    case 'task-failed':
      return { ...common, ...ENDED, state: 'FAILURE', error: parseError(event) };
    case 'task-revoked':
      return { ...common, ...ENDED, state: 'REVOKED' };
    default:
      return null;
  }
}

const ENDED = { kind: 'ended', runtime: null, error: null } as const;

/** The traceback ends with the exception as result backends have it; the exception itself is Python's `repr`. */
function parseError({ traceback, exception }: Readonly<Record<string, unknown>>): string | null {
  const line = typeof traceback === 'string' ? lastLine(traceback) : null;
  return line ?? (typeof exception === 'string' ? toErrorLine(exception) : null);
}
