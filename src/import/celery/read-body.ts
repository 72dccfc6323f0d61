import { isMap } from '../../util/is-map.ts';
import { withoutMarks } from './marks.ts';

/**
 * The body of a message as a value: both languages write JSON with differences that no reader sees. Text in base64 for
 * another content type; `null` for a compressed body, because compressed bytes of one text may differ.
 */
export function readBody(
  bytes: Buffer,
  headers: Readonly<Record<string, unknown>>,
  contentType: string,
): unknown {
  if (headers['compression'] !== undefined) return null;
  if (contentType !== 'application/json') return bytes.toString('base64');
  return simplifySignatures(JSON.parse(bytes.toString()));
}

/** Options of signatures that only newer versions of Celery write, and that workers do not need. */
const NEWER: readonly string[] = ['group_id', 'group_index', 'task_id'];

/** A body of beat without the options of signatures that the version of Celery does not write at the same places. */
export function withoutNewer(ours: unknown, theirs: unknown): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    return ours.map((each, i) => withoutNewer(each, theirs[i]));
  }
  if (!isMap(ours) || !isMap(theirs)) return ours;
  const isOptions = 'subtask_type' in ours;
  const pairs = Object.entries(ours).map(([key, each]) => {
    const other = theirs[key];
    const kept = isOptions && key === 'options' && isMap(each) && isMap(other);
    return [key, withoutNewer(kept ? omit(each, (name) => isNewer(name, other)) : each, other)];
  });
  return Object.fromEntries(pairs) as unknown;
}

function isNewer(name: string, theirs: Readonly<Record<string, unknown>>): boolean {
  return NEWER.includes(name) && !(name in theirs);
}

/**
 * Signatures without what has no effect: the reply queue, which differs for each process, marks of scheduled tasks, and
 * the body of a chord in its header, where the worker that starts the chord writes it.
 */
function simplifySignatures(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplifySignatures);
  if (!isMap(value)) return value;
  const map = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, simplifySignatures(each)]),
  );
  // An empty chain, in the embed of a message.
  if ('callbacks' in map && Array.isArray(map['chain']) && map['chain'].length === 0) {
    return { ...map, chain: null };
  }
  if (!('subtask_type' in map) || !isMap(map['options'])) return map;
  const { chord_size: size, ...signature } = map;
  const { headers, ...options } = omit(map['options'], (name) => name === 'reply_to');
  const others = withoutMarks(isMap(headers) ? headers : {});
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
    const stripped = { ...each, options: omit(each['options'], (name) => name === 'chord') };
    if (each['subtask_type'] !== 'group' || !isMap(each['kwargs'])) return stripped;
    return { ...stripped, kwargs: { ...each['kwargs'], tasks: strip(each['kwargs']['tasks']) } };
  };
  return { ...kwargs, header: strip(kwargs['header']) };
}

function omit(
  map: Readonly<Record<string, unknown>>,
  isOmitted: (key: string) => boolean,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !isOmitted(key)));
}
