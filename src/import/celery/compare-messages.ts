import { isDeepStrictEqual } from 'node:util';
import type { Message } from '../../message/message.ts';
import type { CeleryMessage } from './exported.ts';

/** Differ for each message, or are only for logs. */
const UNLIKE = ['id', 'lang', 'origin', 'argsrepr', 'kwargsrepr', 'eta', 'expires', 'root_id'];

/** Headers of beat's own, or that Celery's beat sets since 5.7. */
const OF_BEAT = ['celery_beat_task', 'periodic_task_name', 'beat_due_at'];

/** Milliseconds by which instants of equal meaning may differ: Celery keeps microseconds, and counts from later. */
const TOLERANCE = 1_000;

/**
 * Returns how the message of beat differs from that of Celery for the same entry, a line for each part; none if
 * only ids and times differ. Both were made at the same instant.
 */
export function compareMessages(celery: CeleryMessage, beat: Message): readonly string[] {
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
    ...compareHeaders(celery.headers, beat.headers),
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
  const isEqual = !isComparable || haveEqualBodies(celery, beat);
  return isEqual ? lines : [...lines, 'arguments: they differ'];
}

type Parts = readonly (readonly [part: string, celery: unknown, beat: unknown])[];
type Headers = Readonly<Record<string, unknown>>;

function compareHeaders(celery: Headers, beat: Headers): Parts {
  const names = [...new Set([...Object.keys(celery), ...Object.keys(beat)])];
  return names
    .filter((name) => !UNLIKE.includes(name) && !OF_BEAT.includes(name))
    .map((name) => {
      const ours = simplify(name, beat[name]);
      // Without a value the task's own setting counts, which by default is that of the app.
      const isOpen = name === 'ignore_result' && (celery[name] ?? null) === null;
      return [`header ${name}`, isOpen ? ours : simplify(name, celery[name]), ours] as const;
    });
}

/** An absent header is one with the value that workers assume; versions of Celery differ in which they write. */
function simplify(name: string, value: unknown): unknown {
  if (name === 'replaced_task_nesting') return value ?? 0;
  // Without the header, the task's own setting counts, which is what Celery writes for a task that it knows.
  if (name === 'ignore_result') return value === true;
  if (name === 'stamps') return value ?? {};
  return value ?? null;
}

/** The bodies as values: both languages write JSON with differences that no reader sees. */
function haveEqualBodies(celery: CeleryMessage, beat: Message): boolean {
  const theirs = Buffer.from(celery.body, 'base64');
  if (theirs.equals(beat.body)) return true;
  // Compressed bytes of one text may differ.
  if (celery.headers['compression'] !== undefined) return true;
  if (celery.content_type !== 'application/json') return false;
  return isDeepStrictEqual(
    JSON.parse(theirs.toString(), withoutChordSize),
    JSON.parse(beat.body.toString(), withoutChordSize),
  );
}

/** Signatures of Celery before 5.2 have this key, which is null for all but chords. */
function withoutChordSize(key: string, value: unknown): unknown {
  return key === 'chord_size' && value === null ? undefined : value;
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
