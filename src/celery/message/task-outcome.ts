import { isSendable, sendableOrNull } from './parse-instant.ts';
import { parseJson } from '../../util/decode/json.ts';
import { MAX_LENGTH } from '../../util/decode/limits.ts';
import { decodeMsgpack } from '../../util/decode/msgpack.ts';
import { parseYaml } from '../../util/decode/yaml.ts';
import { isMap } from '../../util/is-map.ts';

/** How a task ended, as its worker stored it in the result backend or reported it in an event. */
export interface TaskOutcome {
  readonly taskId: string;
  /** `SUCCESS`, `FAILURE` or `REVOKED`. */
  readonly state: string;
  /** When the worker stored it, or the task ended, epoch milliseconds; `null` if unknown. */
  readonly doneAt: number | null;
  /** Milliseconds; `null` if unknown. Only events and the results of shell commands have it. */
  readonly runtimeMs: number | null;
  /** The name of the worker; `null` if unknown. Only events and results with `result_extended` have it. */
  readonly worker: string | null;
  /** The exception in one line; `null` unless the task failed and the backend contains the exception. */
  readonly error: string | null;
}

/** The states after which Celery's workers change nothing (its `READY_STATES`). */
const FINAL_STATES = ['SUCCESS', 'FAILURE', 'REVOKED'] as const;

/** Characters. */
const MAX_ERROR = 1_000;
/** Characters. */
const MAX_WORKER = 255;
/** A hundred years, in seconds. */
const MAX_RUNTIME = 100 * 366 * 86_400;

function isFinal(state: unknown): state is string {
  return (FINAL_STATES as readonly unknown[]).includes(state);
}

/** Converts a runtime in seconds to milliseconds; `null` for any other value. */
function parseRuntime(seconds: unknown): number | null {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MAX_RUNTIME)) return null;
  return Math.round(seconds * 1_000);
}

/**
 * A text of a worker as one line of at most `most` characters, without lone surrogates and the control
 * sequences of terminals; `null` for any other value and an empty text.
 */
export function toLine(text: unknown, most = MAX_ERROR): string | null {
  if (typeof text !== 'string') return null;
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  const short = line.length > most ? `${line.slice(0, most - 1)}…` : line;
  return line === '' ? null : short.toWellFormed();
}

/** The last line of a traceback of Python, which names the exception; `null` for any other value. */
function lastLine(traceback: unknown): string | null {
  return typeof traceback === 'string' ? toLine(traceback.trimEnd().split('\n').at(-1)) : null;
}

/** Parses what Python writes: ISO 8601, in UTC unless it has an offset. `null` for anything else. */
export function parsePythonDate(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const iso = text.trim().replace(' ', 'T');
  const hasOffset = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(iso.slice(10));
  const at = Date.parse(hasOffset ? iso : `${iso}Z`);
  return sendableOrNull(at);
}

type Fields = Readonly<Record<string, unknown>>;

/** The table of Celery's database result backend. */
export const RESULT_TABLE = 'celery_taskmeta';

/** The states of rows that are outcomes, as a list in SQL. */
export const FINAL_STATES_SQL = FINAL_STATES.map((state) => `'${state}'`).join(', ');

/**
 * The outcome in a row with the columns `task_id`, `status`, `done`, `traceback` (its end is enough) and, if it exists,
 * `worker`. The exception is the last line of the traceback: the result itself is pickled.
 */
export function readResultRow(row: Fields): TaskOutcome {
  const { task_id: taskId, status, done, traceback, worker } = row;
  const state = String(status);
  return {
    taskId: String(taskId),
    state,
    doneAt: parsePythonDate(done),
    runtimeMs: null,
    worker: toLine(worker, MAX_WORKER),
    error: state === 'SUCCESS' ? null : lastLine(traceback),
  };
}

/** Reads the outcome of a key-value backend; `null` for a task that has not ended. Throws if it cannot be read. */
export function readResultDocument(taskId: string, document: Buffer): TaskOutcome | null {
  const fields = decode(document);
  if (!isFinal(fields['status'])) return null;
  const { status: state, result, traceback } = fields;
  return {
    taskId,
    state,
    doneAt: parsePythonDate(plain(fields['date_done'])),
    runtimeMs: state === 'SUCCESS' ? readRuntime(result) : null,
    worker: toLine(fields['worker'], MAX_WORKER),
    error: state === 'SUCCESS' ? null : readError(result, traceback),
  };
}

/** The outcome in the beginning and the end of a JSON document that is too large to be read whole. */
export function readLargeDocument(
  taskId: string,
  { head, tail }: { readonly head: Buffer; readonly tail: Buffer },
): TaskOutcome | null {
  const [first, last] = [head.toString(), tail.toString()];
  const state = /^\{"status": ?"(\w+)"/.exec(first)?.[1];
  if (state === undefined) throw new Error('its beginning is not that of a JSON document of Celery');
  if (!isFinal(state)) return null;
  const [, type] = /"exc_type": ?"([^"]+)"/.exec(first) ?? [];
  return {
    taskId,
    state,
    doneAt: parsePythonDate(lastMatch(last, /"date_done": ?"([^"]+)"/g)),
    runtimeMs: null,
    worker: toLine(lastMatch(last, /"worker": ?"([^"]+)"/g), MAX_WORKER),
    error: state === 'SUCCESS' ? null : toLine(type),
  };
}

function lastMatch(text: string, pattern: RegExp): string | null {
  return [...text.matchAll(pattern)].at(-1)?.[1] ?? null;
}

const PICKLE = 0x80;

/** The first byte shows which of Python's serializers wrote the document. */
function decode(document: Buffer): Fields {
  const first = document[0] ?? 0;
  const second = document[1] ?? 0;
  if (first === PICKLE && second <= 5) {
    throw new Error('it is pickled, which only Python reads; set result_serializer to json');
  }
  const value: unknown =
    first === 0x7b
      ? parseJson(document.toString())
      : first >= PICKLE
        ? decodeMsgpack(document)
        : parseYaml(document.toString());
  if (typeof value === 'object' && value !== null && 'status' in value) return value;
  throw new Error('it is not a result of Celery');
}

/** kombu writes a date as `{"__type__": "datetime", "__value__": …}`. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null && '__value__' in value) return value.__value__;
  return value;
}

/** The result of a shell command contains its runtime. */
function readRuntime(result: unknown): number | null {
  if (typeof result !== 'object' || result === null || !('exit_code' in result)) return null;
  return parseRuntime((result as { seconds?: unknown }).seconds);
}

function readError(result: unknown, traceback: unknown): string | null {
  if (typeof result !== 'object' || result === null || !('exc_type' in result)) return lastLine(traceback);
  const { exc_type: type, exc_message: message } = result as Fields;
  const parts = (Array.isArray(message) ? message : [message]).filter((part) => part !== null && part !== undefined);
  const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
  return toLine([String(type), ...(text.length > 0 ? [text.join(', ')] : [])].join(': '));
}

/** A task event of a worker: the task began (`started`) or ended (`ended`). */
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
  /** Milliseconds; `null` unless the task succeeded: Celery sends it for no other outcome. */
  readonly runtimeMs: number | null;
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
  return (Array.isArray(data) ? (data as unknown[]) : [data]).flatMap((event) => parseEvent(event) ?? []);
}

function parseEvent(event: unknown): TaskEvent | null {
  if (!isMap(event)) return null;
  const { type, uuid: taskId, timestamp, hostname } = event;
  if (typeof taskId !== 'string' || typeof hostname !== 'string') return null;
  const at = typeof timestamp === 'number' ? Math.round(timestamp * 1_000) : NaN;
  // A program that writes milliseconds or nanoseconds must not put impossible dates into the history.
  if (!isSendable(at)) return null;
  const common = { taskId, worker: toLine(hostname, MAX_WORKER) ?? '', at };
  switch (type) {
    case 'task-started':
      return { ...common, kind: 'started' };
    case 'task-succeeded':
      return { ...common, ...ENDED, state: 'SUCCESS', runtimeMs: parseRuntime(event['runtime']) };
    case 'task-failed':
      // The traceback ends with the exception as result backends have it; the exception itself is Python's `repr`.
      return {
        ...common,
        ...ENDED,
        state: 'FAILURE',
        error: lastLine(event['traceback']) ?? toLine(event['exception']),
      };
    case 'task-revoked':
      return { ...common, ...ENDED, state: 'REVOKED' };
    default:
      return null;
  }
}

const ENDED = { kind: 'ended', runtimeMs: null, error: null } as const;
