import { didYouMean } from '../../util/did-you-mean.ts';
import { memoize } from '../../util/memoize.ts';
import { quote } from '../quote.ts';

/** A parsed field. */
export interface FieldValue {
  /** Sorted, without duplicates. */
  readonly values: readonly number[];
  /** The field has `*`, a range or a step, so it describes elapsed time: see clock-changes.ts. */
  readonly stepped: boolean;
  /** Values that Celery accepts but that are most likely a mistake. */
  readonly warnings: readonly string[];
}

/** An invalid field; the message begins with the invalid value. */
export class FieldError extends Error {}

interface Range {
  readonly lowest: number;
  readonly highest: number;
}

const NAMES: ReadonlyMap<string, number> = named([
  ['january february march april may june july august september october november december', 1],
  ['sunday monday tuesday wednesday thursday friday saturday', 0],
]);

/** The longest text of a field: a list of all values has fewer characters. */
const MAX_TEXT = 1_000;

const read = memoize<FieldValue>();

/**
 * Parses a field in Celery's grammar: a number, a list or set of numbers, or a string of parts separated by
 * commas. A part is a number, a range `a-b`, or `*`; the last two may be followed by `/step`. A range may
 * wrap around (`fri-mon`, `22-2`), a step counts from the start of its range, and names of days and months
 * are numbers in every field.
 *
 * Two inputs that Celery accepts are rejected because they hide mistakes: characters after a range (it
 * reads `1-5-7` as `1-5`), and words that only begin with a name (it reads `sunrise` as Sunday).
 */
export function parseField(input: unknown, range: Range): FieldValue {
  if (typeof input === 'string') {
    return read(`${range.lowest}-${range.highest} ${input}`, () => parseText(input, range));
  }
  const list = typeof input === 'number' ? [input] : input;
  if (!Array.isArray(list) && !(list instanceof Set)) {
    throw new FieldError(`${quote(input)} is not a number, a string, or a list of numbers`);
  }
  const values = new Set<unknown>(list);
  if (values.size === 0)
    throw new FieldError('an empty list never matches; write "*" for every value');
  return {
    values: sorted(new Set([...values].map((value) => member(value, range)))),
    stepped: false,
    warnings: [],
  };
}

function parseText(text: string, range: Range): FieldValue {
  if (text.length > MAX_TEXT)
    throw new FieldError(`${quote(text)} is longer than ${MAX_TEXT} characters`);
  if (text === '') throw new FieldError('"" is empty; write "*" for every value');
  const parts = text.split(',').map((part) => parsePart(part, text, range));
  const values = new Set(parts.flatMap((part) => part.values));
  return {
    values: sorted(values),
    stepped: parts.some((part) => part.stepped),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

function parsePart(part: string, whole: string, range: Range): FieldValue {
  if (part === '') throw new FieldError(`${quote(whole)} has an empty part between its commas`);
  const [, span, from, to, step] = /^(\*|(\w+)-(\w+))(?:\/(\d+))?$/.exec(part) ?? [];
  if (span === undefined) {
    return { values: [single(part, range)], stepped: false, warnings: [] };
  }
  if (step !== undefined && Number(step) === 0)
    throw new FieldError(`${quote(part)} has a step of 0`);
  const all =
    span === '*'
      ? sequence(range.lowest, range.highest, range)
      : sequence(single(from!, range), single(to!, range), range);
  const width = Number(step ?? 1);
  const values = all.filter((_, i) => i % width === 0);
  const warnings =
    width > range.highest - range.lowest + 1 ? [describeWideStep(part, values, range)] : [];
  return { values, stepped: true, warnings };
}

function describeWideStep(
  part: string,
  [only]: readonly number[],
  { lowest, highest }: Range,
): string {
  return (
    `${quote(part)} has a step larger than the field's ${highest - lowest + 1} values, so it matches only ` +
    `${only}, as in Celery; for an interval use a timedelta`
  );
}

/** Returns the numbers of a range, which wraps around if `to` is less than `from`. */
function sequence(from: number, to: number, { lowest, highest }: Range): number[] {
  const up = (a: number, b: number) => Array.from({ length: b - a + 1 }, (_, i) => a + i);
  return to < from ? [...up(from, highest), ...up(lowest, to)] : up(from, to);
}

function single(text: string, range: Range): number {
  if (/^ *\d+ *$/.test(text)) return inRange(Number(text), text, range);
  const value = NAMES.get(text.toLowerCase());
  if (value === undefined) throw new FieldError(`${quote(text)} ${explain(text, range)}`);
  return inRange(value, text, range);
}

function explain(text: string, { highest }: Range): string {
  const stepped = /^(\d+)\/(\d+)$/.exec(text);
  if (stepped) return `has a step but no range: write "${stepped[1]}-${highest}/${stepped[2]}"`;
  if (/^ *-\d/.test(text)) return 'is negative';
  if (text.startsWith('@')) return `is a cron nickname; use cron('${text}')`;
  const known = [...NAMES.keys()];
  return `is not a number, a name, "*", a range or a step${didYouMean(text, known)}`;
}

function member(value: unknown, range: Range): number {
  if (typeof value === 'number') return inRange(value, value, range);
  throw new FieldError(
    `${quote(value)} in a list is not a number; write names as one string, such as "mon,fri"`,
  );
}

function inRange(value: number, shown: unknown, { lowest, highest }: Range): number {
  if (!Number.isInteger(value)) throw new FieldError(`${quote(shown)} is not a whole number`);
  if (value >= lowest && value <= highest) return value;
  const sunday = highest === 6 && value === 7 ? ' (Sunday is 0)' : '';
  throw new FieldError(`${quote(shown)} is out of range ${lowest}-${highest}${sunday}`);
}

function sorted(values: ReadonlySet<number>): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

/** Maps full names and their first three letters to numbers. */
function named(lists: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const entries = lists.flatMap(([names, first]) =>
    names.split(' ').map((name, i) => [name, first + i] as const),
  );
  return new Map(
    entries.flatMap(([name, i]) => [[name, i] as const, [name.slice(0, 3), i] as const]),
  );
}
