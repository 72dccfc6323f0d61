import type { z } from 'zod';
import { describeError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { refusedKey } from './keys/refused-keys.ts';
import { refusedOption } from './keys/refused-options.ts';
import { refusedTransportOption } from './keys/refused-transport.ts';
import type { Level } from './keys/key-schema.ts';
import { maskUrl } from '../util/mask.ts';
import { snakeCase } from './keys/spellings.ts';

export type Path = readonly (string | number)[];

/** Takes one problem: where (canonical names, from the root of the configuration) and what. */
export type Report = (path: Path, message: string) => void;

/** Reports whatever the schema finds wrong with the value; `undefined` when that is anything. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { path, level, report }: { path: Path; level: Level | undefined; report: Report },
): z.output<S> | undefined {
  const result = tryParse(schema, value);
  if (typeof result === 'string') return void report(path, result);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const inner = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      const at = levelAt(level, inner);
      for (const key of issue.keys) {
        report([...path, ...inner, key], unknownKey(key, at, inner.at(-1)));
      }
    } else {
      const found = valueAt(value, inner);
      const shown = found !== undefined && secretAt(inner) ? HIDDEN : found;
      report([...path, ...inner], expected(issue.message, shown));
    }
  }
  return undefined;
}

/** What the schema says of a value; the reason where an object of the user's throws while it is read. */
export function tryParse<S extends z.ZodType>(schema: S, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (error) {
    return `cannot be read, as it threw: ${describeError(error)}`;
  }
}

/** `expected …, got …`, or `missing, expected …`. */
export function expected(allowed: string, got: unknown): string {
  return got === undefined
    ? `missing; expected ${allowed}`
    : `expected ${allowed}, got ${show(got)}`;
}

function unknownKey(key: string, level: Level | undefined, parent: string | number | undefined) {
  if (parent === 'options') {
    const why = refusedOption(key);
    if (why !== undefined) return `an option of Celery's that beat does not take: ${why}`;
  }
  if (parent === 'brokerTransportOptions') {
    const why = refusedTransportOption(key);
    if (why !== undefined) return `an option of kombu's that is not taken here: ${why}`;
  }
  const instead = refusedKey(key, level);
  if (instead !== undefined) return `not taken here: ${instead}`;
  const options = level?.inside.get('options');
  const option = options?.names.get(key);
  if (option) return `unknown here; it belongs under options: {${option}: …}`;
  const { spellings, allowed } = level ? namesOf(level)(key.includes('_')) : NO_NAMES;
  return `unknown key${didYouMean(key, spellings) || `; allowed: ${allowed}`}`;
}

interface KnownNames {
  readonly spellings: readonly string[];
  readonly allowed: string;
}

const NO_NAMES: KnownNames = { spellings: [], allowed: '' };

/** Of each level, made once: a file may have ten thousand unknown keys. */
const knownNames = new WeakMap<Level, (inSnakeCase: boolean) => KnownNames>();

function namesOf(level: Level): (inSnakeCase: boolean) => KnownNames {
  const known = knownNames.get(level);
  if (known) return known;
  const [snake, camel] = [level.keys.map(snakeCase), level.keys].map((spelled) => ({
    // A mistake in an old name is nearer to that than to the new one.
    spellings: [...spelled, ...level.names.keys()],
    allowed: spelled.filter((name) => name !== '$schema').join(', '),
  }));
  // In the spelling of the user.
  const names = (inSnakeCase: boolean) => (inSnakeCase ? snake! : camel!);
  knownNames.set(level, names);
  return names;
}

function levelAt(level: Level | undefined, path: Path): Level | undefined {
  return path.reduce((at, key) => at?.each ?? at?.inside.get(String(key)), level);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(
    (at, key) => (at as Record<string | number, unknown> | undefined)?.[key],
    value,
  );
}

/** Names of what must not be shown, whatever is wrong with it. */
const SECRET = /pass(word|wd|phrase)?$|pwd|secret|token|credential/i;

/** Stands for a value that is there and stays untold. */
const HIDDEN = Symbol('hidden');

function secretAt(path: Path): boolean {
  return path.some((name) => SECRET.test(String(name)));
}

/** What came, short enough for a line. */
function show(value: unknown): string {
  if (value === HIDDEN) return 'something else (not shown: it may be a secret)';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : cut(json(value), 'a list');
  if (typeof value === 'object' && value !== null) return cut(json(value), 'a map');
  if (typeof value !== 'string') return String(value);
  return value.length > LONGEST_TEXT
    ? `text of ${value.length} characters`
    : cut(JSON.stringify(value));
}

const LONGEST = 60;

/** To mask a longer one, only to cut it, would take its time. */
const LONGEST_TEXT = 1_000;

/** Of lists and maps that would be cut anyway, no more than this is looked at. */
const MOST_PARTS = 100;

/** Masked before it is cut: a piece of a password is too much as well. */
function cut(text: string, instead?: string): string {
  const safe = text.includes('://') ? maskUrl(text) : text;
  return safe.length <= LONGEST ? safe : (instead ?? `${safe.slice(0, LONGEST)}…`);
}

function json(value: unknown): string {
  let parts = 0;
  try {
    return JSON.stringify(value, (name, inner: unknown) => {
      if ((parts += 1) > MOST_PARTS) throw new RangeError('too long to be shown');
      if (SECRET.test(name)) return '**';
      return typeof inner === 'bigint' ? String(inner) : inner;
    });
  } catch {
    return 'x'.repeat(LONGEST + 1);
  }
}
