import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../../util/is-map.ts';
import type { Message } from '../../celery/message/message.ts';
import type { CeleryMessage } from './exported.ts';
import { withoutMarks } from './marks.ts';
import { readBody, withoutNewer } from './read-body.ts';
import { findIds, IdNames } from './rename-ids.ts';

/** Differ for each message, or are only for logs. */
const UNLIKE = ['id', 'root_id', 'lang', 'origin', 'argsrepr', 'kwargsrepr', 'eta', 'expires'];

/** Milliseconds by which instants of equal meaning may differ: Celery keeps microseconds, and counts from later. */
const TOLERANCE = 1_000;

/**
 * Returns how beat's messages and Celery's messages of an entry differ, a line for each part; no line if only ids and times
 * differ. Both were made at the same instant.
 */
export function compareRuns(
  celery: readonly CeleryMessage[],
  beat: readonly Message[],
): readonly string[] {
  if (celery.length !== beat.length) {
    return [`messages: Celery ${celery.length}, beat ${beat.length}`];
  }
  const theirs = celery.map((message) => ({
    ...message,
    body: readBody(Buffer.from(message.body, 'base64'), message.headers, message.content_type),
  }));
  const ours = beat.map((message, i) => ({
    ...message,
    body: withoutNewer(
      readBody(message.body, message.headers, message.contentType),
      theirs[i]!.body,
    ),
  }));
  const idsOfBeat = findIds(ours);
  const shared = new Set([...findIds(theirs)].filter((id) => idsOfBeat.has(id)));
  const [celeryIds, beatIds] = [new IdNames(shared), new IdNames(shared)];
  return theirs.flatMap((message, i) => {
    const lines = compareMessages(withNames(message, celeryIds), withNames(ours[i]!, beatIds));
    return celery.length === 1 ? lines : lines.map((line) => `message ${i + 1}: ${line}`);
  });
}

/** Bodies are values: both languages write JSON with differences that no reader sees. */
type Read<M> = Omit<M, 'body'> & { readonly body: unknown };

function withNames<M extends { readonly headers: Headers; readonly body: unknown }>(
  message: M,
  ids: IdNames,
): M {
  const headers = ids.rename(message.headers) as Headers;
  return { ...message, headers, body: ids.rename(message.body) };
}

function compareMessages(celery: Read<CeleryMessage>, beat: Read<Message>): readonly string[] {
  const { exchange, routingKey } = beat.destination;
  const { delivery_mode: mode, expiration } = beat.properties;
  const isComparable = celery.content_type === beat.contentType;
  const parts: readonly (readonly [string, unknown, unknown])[] = [
    ['exchange', celery.exchange, exchange],
    ['routing key', celery.routing_key, routingKey],
    ['priority', celery.priority, beat.priority],
    ['delivery mode', celery.properties['delivery_mode'], mode],
    ['content type', celery.content_type, beat.contentType],
    // Each content type has an encoding of its own.
    ...(isComparable
      ? ([['content encoding', celery.content_encoding, beat.contentEncoding]] as const)
      : []),
    ...compareHeaders(celery.headers, beat.headers).filter(
      ([part]) => part !== 'header group_index' || isPartOfChord(celery.body),
    ),
  ];
  const lines = parts
    .filter(([, theirs, ours]) => !isDeepStrictEqual(theirs, ours))
    .map(([part, theirs, ours]) => `${part}: Celery ${show(theirs)}, beat ${show(ours)}`);
  for (const header of ['eta', 'expires'] as const) {
    if (!areNear(readInstant(celery.headers[header]), readInstant(beat.headers[header]))) {
      lines.push(
        `${header}: Celery ${show(celery.headers[header])}, beat ${show(beat.headers[header])}`,
      );
    }
  }
  const { expiration: theirs } = celery.properties;
  // Celery before 5.2 leaves it to workers to discard what has expired.
  const isLeft = theirs === undefined && typeof celery.headers['expires'] === 'string';
  if (!isLeft && !areNear(readCount(theirs), readCount(expiration))) {
    lines.push(`expiration: Celery ${show(theirs)}, beat ${show(expiration)}`);
  }
  const isEqual = !isComparable || isDeepStrictEqual(celery.body, beat.body);
  return isEqual ? lines : [...lines, 'arguments: they differ'];
}

type Parts = readonly (readonly [part: string, celery: unknown, beat: unknown])[];
type Headers = Readonly<Record<string, unknown>>;

function compareHeaders(celery: Headers, beat: Headers): Parts {
  const names = Object.keys(withoutMarks({ ...celery, ...beat }));
  return names
    .filter((name) => !UNLIKE.includes(name))
    .map((name) => {
      const ours = simplify(name, beat[name]);
      // Without a value the task's own setting counts, which by default is that of the app.
      // Older versions do not write the index.
      const isOptional = name === 'ignore_result' || name === 'group_index';
      const isOpen = isOptional && (celery[name] ?? null) === null;
      return [`header ${name}`, isOpen ? ours : simplify(name, celery[name]), ours] as const;
    });
}

/** Whether the result of the task counts for a chord, which orders results by the index. */
function isPartOfChord(body: unknown): boolean {
  const embed: unknown = Array.isArray(body) ? body[2] : null;
  return isMap(embed) && isMap(embed['chord']);
}

/** An absent header is one with the value that workers assume; versions of Celery differ in which they write. */
function simplify(name: string, value: unknown): unknown {
  if (name === 'replaced_task_nesting') return value ?? 0;
  // Without the header, the task's own setting counts, which is what Celery writes for a task that it knows.
  if (name === 'ignore_result') return value === true;
  if (name === 'stamps') return value ?? {};
  return value ?? null;
}

/** Workers read an instant without an offset as UTC. */
function readInstant(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
}

function readCount(value: unknown): number | null {
  return value === undefined ? null : Number(value);
}

function areNear(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= TOLERANCE;
}

function show(value: unknown): string {
  return value === undefined || value === null ? 'none' : JSON.stringify(value);
}
