import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../../util/is-map.ts';
import { omit } from '../../util/keys.ts';
import { copyMessage, type Message } from '../../celery/message/message.ts';
import type { CeleryMessage } from './exported.ts';

/** Headers that differ for each message, or are only for logs. */
const UNLIKE = ['id', 'root_id', 'lang', 'origin', 'argsrepr', 'kwargsrepr', 'eta', 'expires'];

/** Milliseconds by which equal instants may differ: Celery has microseconds, and reads the clock later. */
const TOLERANCE = 1_000;

/** Compares messages of one instant by Celery and beat: a line for each difference besides ids and times. */
export function compareRuns(celery: readonly CeleryMessage[], beat: readonly Message[]): readonly string[] {
  if (celery.length !== beat.length) return [`messages: Celery ${celery.length}, beat ${beat.length}`];
  const theirs = celery.map((message) => ({
    ...message,
    body: readBody(Buffer.from(message.body, 'base64'), message.headers, message.content_type),
  }));
  const ours = beat.map((message, i) => ({
    ...copyMessage(message, {}),
    body: withoutNewer(readBody(message.body, message.headers, message.contentType), theirs[i]!.body),
  }));
  const shared = findIds(theirs).intersection(findIds(ours));
  const [replaceTheirs, replaceOurs] = [createIdReplacer(shared), createIdReplacer(shared)];
  return theirs.flatMap((message, i) => {
    const lines = compareMessages(replaceTheirs(message), replaceOurs(ours[i]!));
    return celery.length === 1 ? lines : lines.map((line) => `message ${i + 1}: ${line}`);
  });
}

type Headers = Readonly<Record<string, unknown>>;

/** Bodies are values: both languages write JSON with differences that no reader sees. */
type Read<M> = Omit<M, 'body'> & { readonly body: unknown };

/** A part of a message by Celery and by beat. Values are compared deeply, unless `isEqual` compares them. */
type Part = readonly [
  name: string,
  celery: unknown,
  beat: unknown,
  isEqual?: (celery: unknown, beat: unknown) => boolean,
];

function compareMessages(celery: Read<CeleryMessage>, beat: Read<Message>): readonly string[] {
  const { exchange, routingKey } = beat.destination;
  const { delivery_mode: mode, expiration } = beat.properties;
  const isComparable = celery.content_type === beat.contentType;
  const { expiration: theirs } = celery.properties;
  // Before 5.2 Celery leaves expired messages to workers, which discard them.
  const isLeft = theirs === undefined && typeof celery.headers['expires'] === 'string';
  const parts: readonly Part[] = [
    ['exchange', celery.exchange, exchange],
    ['routing key', celery.routing_key, routingKey],
    ['priority', celery.priority, beat.priority],
    ['delivery mode', celery.properties['delivery_mode'], mode],
    ['content type', celery.content_type, beat.contentType],
    // Each content type has an encoding of its own.
    ...(isComparable ? ([['content encoding', celery.content_encoding, beat.contentEncoding]] as const) : []),
    ...pairHeaders(celery.headers, beat.headers).filter(
      ([part]) => part !== 'header group_index' || isPartOfChord(celery.body),
    ),
    ['eta', celery.headers['eta'], beat.headers['eta'], areNear(readInstant)],
    ['expires', celery.headers['expires'], beat.headers['expires'], areNear(readInstant)],
    ...(isLeft
      ? []
      : ([
          ['expiration', theirs, expiration, areNear((value) => (value === undefined ? null : Number(value)))],
        ] as const)),
  ];
  const lines = parts
    .filter(([, theirs, ours, isEqual = isDeepStrictEqual]) => !isEqual(theirs, ours))
    .map(([part, theirs, ours]) => `${part}: Celery ${show(theirs)}, beat ${show(ours)}`);
  const isEqual = !isComparable || isDeepStrictEqual(celery.body, beat.body);
  return isEqual ? lines : [...lines, 'arguments: they differ'];
}

function pairHeaders(celery: Headers, beat: Headers): readonly Part[] {
  return Object.keys(omit({ ...celery, ...beat }, [...MARKS, ...UNLIKE])).map((name) => {
    const ours = simplify(name, beat[name]);
    // Celery may omit both: the task's own setting counts, and older versions write no index.
    const isOptional = name === 'ignore_result' || name === 'group_index';
    const isOpen = isOptional && (celery[name] ?? null) === null;
    return [`header ${name}`, isOpen ? ours : simplify(name, celery[name]), ours];
  });
}

/** Whether the result of the task counts for a chord, which orders results by the index. */
function isPartOfChord(body: unknown): boolean {
  const embed: unknown = Array.isArray(body) ? body[2] : null;
  return isMap(embed) && isMap(embed['chord']);
}

/** Replaces an absent header by the value that workers assume, because versions of Celery write different ones. */
function simplify(name: string, value: unknown): unknown {
  if (name === 'replaced_task_nesting') return value ?? 0;
  // For a task that it knows, Celery writes the task's own setting.
  if (name === 'ignore_result') return value === true;
  if (name === 'stamps') return value ?? {};
  return value ?? null;
}

/** Workers read an instant without an offset as UTC. */
function readInstant(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
}

/** Returns a function that reads two times and compares them. */
function areNear(read: (value: unknown) => number | null): (one: unknown, other: unknown) => boolean {
  return (one, other) => {
    const [a, b] = [read(one), read(other)];
    return a === null || b === null ? a === b : Math.abs(a - b) <= TOLERANCE;
  };
}

function show(value: unknown): string {
  return value === undefined || value === null ? 'none' : JSON.stringify(value);
}

/** Headers of beat's own, or that Celery's beat sets since 5.7. */
const MARKS: readonly string[] = ['celery_beat_task', 'periodic_task_name', 'beat_due_at'];

/** The body as a value: both languages write JSON differently. `null` if compressed, base64 for other content types. */
function readBody(bytes: Buffer, headers: Headers, contentType: string): unknown {
  if (headers['compression'] !== undefined) return null;
  if (contentType !== 'application/json') return bytes.toString('base64');
  return simplifySignatures(JSON.parse(bytes.toString()));
}

/** Options that only newer versions of Celery write, and workers do not need. */
const NEWER: readonly string[] = ['group_id', 'group_index', 'task_id'];

/** Removes options of signatures that this version of Celery does not write. */
function withoutNewer(ours: unknown, theirs: unknown): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) return ours.map((each, i) => withoutNewer(each, theirs[i]));
  if (!isMap(ours) || !isMap(theirs)) return ours;
  const isOptions = 'subtask_type' in ours;
  const pairs = Object.entries(ours).map(([key, each]) => {
    const other = theirs[key];
    if (!isOptions || key !== 'options' || !isMap(each) || !isMap(other)) return [key, withoutNewer(each, other)];
    const newer = NEWER.filter((name) => !(name in other));
    return [key, withoutNewer(omit(each, newer), other)];
  });
  return Object.fromEntries(pairs) as unknown;
}

/** Signatures without what has no effect: reply queue, marks of scheduled tasks, a chord's body in its header. */
function simplifySignatures(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplifySignatures);
  if (!isMap(value)) return value;
  const map = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, simplifySignatures(each)]));
  // An empty chain, in the embed of a message.
  if ('callbacks' in map && Array.isArray(map['chain']) && map['chain'].length === 0) return { ...map, chain: null };
  if (!('subtask_type' in map) || !isMap(map['options'])) return map;
  const { chord_size: size, ...signature } = map;
  const { headers, ...options } = omit(map['options'], ['reply_to']);
  const others = omit(isMap(headers) ? headers : {}, MARKS);
  return {
    ...signature,
    ...(map['subtask_type'] === 'chord' && { kwargs: withoutBodies(map['kwargs']) }),
    // Celery before 5.2 has this key with `null` for all but chords.
    ...((size ?? null) !== null && { chord_size: size }),
    options: { ...options, ...(Object.keys(others).length > 0 && { headers: others }) },
  };
}

/** The arguments of a chord, without the body in the options of its header. */
function withoutBodies(kwargs: unknown): unknown {
  if (!isMap(kwargs)) return kwargs;
  const strip = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(strip);
    if (!isMap(each) || !isMap(each['options'])) return each;
    const stripped = { ...each, options: omit(each['options'], ['chord']) };
    if (each['subtask_type'] !== 'group' || !isMap(each['kwargs'])) return stripped;
    return { ...stripped, kwargs: { ...each['kwargs'], tasks: strip(each['kwargs']['tasks']) } };
  };
  return { ...kwargs, header: strip(kwargs['header']) };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns a function that replaces ids by positions, so that equal runs compare as equal; it keeps ids in `shared`. */
function createIdReplacer(shared: ReadonlySet<string>) {
  const names = new Map<string, string>();
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') {
      if (!UUID.test(value) || shared.has(value)) return value;
      if (!names.has(value)) names.set(value, `id ${names.size + 1}`);
      return names.get(value);
    }
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    // Positions must not depend on the order of keys.
    const pairs = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(pairs.map(([key, each]) => [key, replace(each)]));
  };
  return <M extends { readonly headers: Headers; readonly body: unknown }>(message: M): M => ({
    ...message,
    headers: replace(message.headers) as Headers,
    body: replace(message.body),
  });
}

function findIds(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'string' && UUID.test(each)) found.add(each);
    return each;
  });
  return found;
}
