import { didYouMean } from '../util/did-you-mean.ts';
import { memo } from '../util/memoize.ts';
import { show } from './show.ts';

/** What stood in one field, read. */
export interface FieldValue {
  /** Sorted, without repeats. */
  readonly values: readonly number[];
  /** It holds `*`, a range or a step, so it tells of a distance rather than of certain times. */
  readonly stepped: boolean;
  /** What Celery lets pass, and what is most likely a mistake. */
  readonly warnings: readonly string[];
}

/** A field and what is wrong with it; the message begins with what came. */
export class FieldError extends Error {}

interface Range {
  readonly lowest: number;
  readonly highest: number;
}

const NAMES: ReadonlyMap<string, number> = named([
  ['january february march april may june july august september october november december', 1],
  ['sunday monday tuesday wednesday thursday friday saturday', 0],
]);

const read = memo<FieldValue>();

/**
 * Reads a field in Celery's grammar: a number, a list or set of numbers, or a text of parts with commas
 * between. A part is a number, a range `a-b`, or `*`; the last two may be followed by `/step`. A range
 * may wrap around (`fri-mon`, `22-2`), a step counts from where its range begins, and names of days and
 * months are numbers in every field.
 *
 * Two things that Celery lets pass are refused, for they hide mistakes: characters after a range (it
 * reads `1-5-7` as `1-5`), and words that merely begin like a name (`sunrise` is no Sunday).
 */
export function parseField(input: unknown, range: Range): FieldValue {
  if (typeof input === 'string') {
    return read(`${range.lowest}-${range.highest} ${input}`, () => parseText(input, range));
  }
  const list = typeof input === 'number' ? [input] : input;
  if (!Array.isArray(list) && !(list instanceof Set)) {
    throw new FieldError(`${show(input)} is not a number, a text, or a list of numbers`);
  }
  const values = new Set<unknown>(list);
  if (values.size === 0)
    throw new FieldError('an empty list is never due: write "*" for every one');
  return {
    values: sorted(new Set([...values].map((value) => member(value, range)))),
    stepped: false,
    warnings: [],
  };
}

function parseText(text: string, range: Range): FieldValue {
  if (text === '') throw new FieldError('"" is empty: write "*" for every one');
  const parts = text.split(',').map((part) => parsePart(part, text, range));
  const values = new Set(parts.flatMap((part) => part.values));
  return {
    values: sorted(values),
    stepped: parts.some((part) => part.stepped),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

function parsePart(part: string, whole: string, range: Range): FieldValue {
  if (part === '') throw new FieldError(`${show(whole)} has an empty part between its commas`);
  const [, span, from, to, step] = /^(\*|(\w+)-(\w+))(?:\/(\d+))?$/.exec(part) ?? [];
  if (span === undefined) {
    return { values: [single(part, range)], stepped: false, warnings: [] };
  }
  if (step !== undefined && Number(step) === 0)
    throw new FieldError(`${show(part)} has a step of 0`);
  const all =
    span === '*'
      ? sequence(range.lowest, range.highest, range)
      : sequence(single(from!, range), single(to!, range), range);
  const width = Number(step ?? 1);
  const values = all.filter((_, i) => i % width === 0);
  const warnings = width > range.highest - range.lowest + 1 ? [tooWide(part, values, range)] : [];
  return { values, stepped: true, warnings };
}

/** Steps count within the field and begin anew with each of its rounds. */
function tooWide(part: string, [only]: readonly number[], { lowest, highest }: Range): string {
  return (
    `${show(part)} has a step of more than the ${highest - lowest + 1} values of the field, so that it ` +
    `means ${only} alone, as in Celery; for an interval write a timedelta`
  );
}

/** From one number to the other, by way of the highest and the lowest if need be. */
function sequence(from: number, to: number, { lowest, highest }: Range): number[] {
  const up = (a: number, b: number) => Array.from({ length: b - a + 1 }, (_, i) => a + i);
  return to < from ? [...up(from, highest), ...up(lowest, to)] : up(from, to);
}

function single(text: string, range: Range): number {
  if (/^ *\d+ *$/.test(text)) return inRange(Number(text), text, range);
  const value = NAMES.get(text.toLowerCase());
  if (value === undefined) throw new FieldError(`${show(text)} ${complaint(text, range)}`);
  return inRange(value, text, range);
}

function complaint(text: string, { highest }: Range): string {
  const stepped = /^(\d+)\/(\d+)$/.exec(text);
  if (stepped) return `has a step but no range: write "${stepped[1]}-${highest}/${stepped[2]}"`;
  if (/^ *-\d/.test(text)) return 'is negative';
  if (text.startsWith('@')) return `belongs into cron('${text}')`;
  const known = [...NAMES.keys()];
  return `is not a number, a name, "*", a range or a step${didYouMean(text, known)}`;
}

function member(value: unknown, range: Range): number {
  if (typeof value === 'number') return inRange(value, value, range);
  throw new FieldError(
    `${show(value)} in a list is not a number: texts stand alone, as in "mon,fri"`,
  );
}

function inRange(value: number, shown: unknown, { lowest, highest }: Range): number {
  if (!Number.isInteger(value)) throw new FieldError(`${show(shown)} is not a whole number`);
  if (value >= lowest && value <= highest) return value;
  const sunday = highest === 6 && value === 7 ? ' (Sunday is 0)' : '';
  throw new FieldError(`${show(shown)} is out of range ${lowest}-${highest}${sunday}`);
}

function sorted(values: ReadonlySet<number>): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

/** Full names and their first three letters, counted from a number on. */
function named(lists: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const entries = lists.flatMap(([names, first]) =>
    names.split(' ').map((name, i) => [name, first + i] as const),
  );
  return new Map(
    entries.flatMap(([name, i]) => [[name, i] as const, [name.slice(0, 3), i] as const]),
  );
}
