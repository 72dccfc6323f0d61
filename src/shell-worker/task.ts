import type { ReceivedMessage } from '../celery/kombu/envelope.ts';
import { parseJson } from '../util/decode/json.ts';
import { isMap } from '../util/is-map.ts';
import { decompressBody, MAX_BODY, parseCompression } from '../celery/message/compression.ts';
import { parseInstant } from '../celery/message/parse-instant.ts';

export type Task = Readonly<Exclude<ReturnType<typeof decodeTask>, string>>;

/** Decodes a message of Celery's protocol 2 or 1. Returns the reason, a text, if this worker cannot read the message. */
export function decodeTask(message: ReceivedMessage) {
  const body = decodeBody(message);
  if (typeof body === 'string') return body;
  const { headers } = message;
  const isProtocol2 = headers['task'] !== undefined;
  const fields = isProtocol2 ? headers : body.value;
  const [args, kwargs, embed] = listArguments(body.value, isProtocol2);
  if (!isMap(fields)) return 'its body is not a map';
  const { id, task: name } = fields;
  if (typeof name !== 'string' || typeof id !== 'string') return 'it has no task and id';
  if (!Array.isArray(args) || !isMap(kwargs)) return 'it has no arguments';
  const limits: unknown = fields['timelimit'];
  return {
    id,
    name,
    args: args as readonly unknown[],
    kwargs,
    /** The entry of beat that sent it; empty if its sender is another program. */
    entry: asText(headers['periodic_task_name']) ?? '',
    /** When the run was due, ISO 8601; `null` if it is not from beat. */
    dueAt: asText(headers['beat_due_at']),
    /** Epoch milliseconds before which it must not run; `null` for none. Workers read an instant without offset as UTC. */
    eta: parseInstant(fields['eta'], 'UTC'),
    /** Epoch milliseconds at which it must no longer begin; `null` for never. */
    expires: parseInstant(fields['expires'], 'UTC'),
    /** Celery's hard time limit in seconds; `null` for none. */
    timeLimit: Array.isArray(limits) && typeof limits[0] === 'number' ? limits[0] : null,
    ignoreResult: fields['ignore_result'] === true,
    retries: Number.isSafeInteger(fields['retries']) ? (fields['retries'] as number) : 0,
    groupId: asText(fields['group']),
    parentId: asText(fields['parent_id']),
    /** Whether signatures are to be published after the task: links, a chain or a chord. */
    hasFollowUps: isMap(embed) && FOLLOW_UPS.some((name) => hasItems(embed[name])),
  };
}

const FOLLOW_UPS = ['callbacks', 'errbacks', 'chain', 'chord'];

/** JSON alone: other formats are not needed for jobs, and unpickling would run code. */
function decodeBody({ headers, body, contentType }: ReceivedMessage): { readonly value: unknown } | string {
  if (contentType !== 'application/json')
    return `its content type is ${JSON.stringify(contentType)}; allowed: application/json`;
  const { compression } = headers;
  const name = compression === undefined ? null : parseCompression(asText(compression) ?? '');
  if (name === undefined) return `its compression ${JSON.stringify(compression)} is not supported`;
  try {
    const plain = name === null ? body : decompressBody(name, body);
    return { value: parseJson(plain.toString(), MAX_BODY) };
  } catch (error) {
    return `its body cannot be decoded: ${(error as Error).message}`;
  }
}

/** The positional and keyword arguments, and the map of follow-ups. */
function listArguments(body: unknown, isProtocol2: boolean): readonly unknown[] {
  if (isProtocol2) return Array.isArray(body) ? body : [];
  return isMap(body) ? [body['args'] ?? [], body['kwargs'] ?? {}, body] : [];
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isMap(value);
}
