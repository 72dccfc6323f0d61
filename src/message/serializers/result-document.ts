import { parseJson } from '../../util/decode/json.ts';
import { decodeMsgpack } from '../../util/decode/msgpack.ts';
import { parseYaml } from '../../util/decode/yaml.ts';
import {
  isFinal,
  lastLine,
  parsePythonDate,
  parseRuntime,
  toErrorLine,
  toWorkerName,
  type TaskOutcome,
} from '../task-outcome.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The bytes at the beginning and at the end of a document that is too large to be read whole. */
export interface LargeDocument {
  readonly head: Buffer;
  readonly tail: Buffer;
}

/**
 * The outcome in a document of one of Celery's key-value result backends, in any of its serializers that is not code;
 * `null` for a task that has not ended. Throws for a document that cannot be read.
 */
export function readResultDocument(taskId: string, document: Buffer): TaskOutcome | null {
  const fields = decode(document);
  if (!isFinal(fields['status'])) return null;
  const { status: state, result, traceback } = fields;
  return {
    taskId,
    state,
    doneAt: parsePythonDate(plain(fields['date_done'])),
    runtime: state === 'SUCCESS' ? readRuntime(result) : null,
    worker: toWorkerName(fields['worker']),
    error: state === 'SUCCESS' ? null : readError(result, asText(traceback)),
  };
}

/** The outcome in a JSON document whose middle was not read: its result is not known. */
export function readLargeDocument(
  taskId: string,
  { head, tail }: LargeDocument,
): TaskOutcome | null {
  const [first, last] = [head.toString(), tail.toString()];
  const state = /^\{"status": ?"(\w+)"/.exec(first)?.[1];
  if (state === undefined)
    throw new Error('its beginning is not that of a JSON document of Celery');
  if (!isFinal(state)) return null;
  const [, type] = /"exc_type": ?"([^"]+)"/.exec(first) ?? [];
  return {
    taskId,
    state,
    doneAt: parsePythonDate(lastMatch(last, /"date_done": ?"([^"]+)"/g)),
    runtime: null,
    worker: toWorkerName(lastMatch(last, /"worker": ?"([^"]+)"/g)),
    error: state === 'SUCCESS' ? null : toErrorLine(type ?? ''),
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

/** What a shell command returns says how long it ran. */
function readRuntime(result: unknown): number | null {
  if (typeof result !== 'object' || result === null || !('exit_code' in result)) return null;
  return parseRuntime((result as { seconds?: unknown }).seconds);
}

function readError(result: unknown, traceback: string | null): string | null {
  if (typeof result === 'object' && result !== null && 'exc_type' in result) {
    const { exc_type: type, exc_message: message } = result as Fields;
    const parts = (Array.isArray(message) ? message : [message]).filter(
      (part) => part !== null && part !== undefined,
    );
    const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
    return toErrorLine([String(type), ...(text.length > 0 ? [text.join(', ')] : [])].join(': '));
  }
  return traceback === null ? null : lastLine(traceback);
}

function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
