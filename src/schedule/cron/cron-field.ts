import type { MovableDay, NthWeekday } from '../calendar/calendar.ts';
import { numbersBetween } from '../instants.ts';
import { quote } from '../text.ts';
import { stableHash } from '../stable-hash.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { memoize } from '../../util/memoize.ts';

interface CronField {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  /** The number of distinct values: 7 days of the week, although Sunday is 0 and 7. */
  readonly count: number;
  /** The last value of `*` and of a step without an end. */
  readonly last: number;
  /** The highest value that `H` may select, if lower than `highest`: every month has a day 28. */
  readonly hashHighest?: number;
  /** Names of the values, starting with `lowest`. */
  readonly names: readonly string[];
  readonly allowed: string;
  /** The unit of the field in `@every 90m`; absent for months and years. */
  readonly unit?: 's' | 'm' | 'h' | 'd';
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function field(
  name: string,
  [lowest, highest]: readonly [number, number],
  allowed: string,
  more: Partial<CronField> = {},
): CronField {
  const count = name === 'day of week' ? 7 : highest - lowest + 1;
  return { name, lowest, highest, count, last: lowest + count - 1, names: [], allowed, ...more };
}

/** In the order of an expression of seven fields. */
export const CRON_FIELDS = [
  field('second', [0, 59], '0-59 or H', { unit: 's' }),
  field('minute', [0, 59], '0-59 or H', { unit: 'm' }),
  field('hour', [0, 23], '0-23 or H', { unit: 'h' }),
  field('day of month', [1, 31], '1-31, L, L-3, 15W, LW or H', { hashHighest: 28, unit: 'd' }),
  field('month', [1, 12], '1-12, jan-dec or H', { names: MONTHS }),
  field('day of week', [0, 7], '0-7, sun-sat, 5L, 5#2 or H', { names: WEEKDAYS, unit: 'd' }),
  field('year', [1970, 2199], '1970-2199'),
] as const;

/** An invalid part of a field; the message names the field and the part. */
export class PartError extends Error {
  constructor({ name }: CronField, part: string, why: string) {
    super(`${name}: ${quote(part)} ${why}`);
  }
}

/** Parses a number, a name, `*` or a range, with or without a step. */
function readValues(field: CronField, part: string): Pick<Part, 'values' | 'stepped'> {
  const [span, step, ...more] = part.split('/') as [string, ...string[]];
  if (more.length > 0) throw new PartError(field, part, 'has more than one step');
  const values = readSpan(field, span, part, step !== undefined);
  const stepped = step !== undefined || isStar(span) || span.includes('-');
  const width = step === undefined ? 1 : readStep(field, part, step);
  if (width > field.count) throw new PartError(field, part, describeWideStep(field, values[0]!, width));
  return { values: selectEvery(field, values, width, 0), stepped };
}

/** Selects every `width`-th value. Sunday, which is 0 and 7, becomes 0. */
function selectEvery(field: CronField, values: readonly number[], width: number, start: number): number[] {
  const selected = values.filter((_, i) => i % width === start);
  return field === DAY_OF_WEEK ? selected.map((day) => day % 7) : selected;
}

/** Parses a single value. Throws a `PartError` with the closest name. */
function readValue(field: CronField, text: string, part: string): number {
  if (/^\d+$/.test(text)) return inRange(field, Number(text), text, part);
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return field.lowest + index;
  const why = `is invalid; allowed: ${field.allowed}, with * , - and /${nameGuess(field, text)}`;
  throw new PartError(field, part, why);
}

/** Parses a range, which may wrap around the end of the field. */
function readRange(field: CronField, from: string, to: string, part: string): number[] {
  const first = readValue(field, from, part);
  const last = readValue(field, to, part);
  if (first <= last) return numbersBetween(first, last);
  // The only field without a cycle.
  if (field.name === 'year') throw new PartError(field, part, `is backwards; write "${to}-${from}"`);
  return [...numbersBetween(first, field.last), ...numbersBetween(field.lowest, last)];
}

function readStep(field: CronField, part: string, step: string): number {
  if (/^\d+$/.test(step) && Number(step) > 0) return Number(step);
  throw new PartError(field, part, 'has a step that is not a positive integer');
}

function readSpan(field: CronField, span: string, part: string, open: boolean): number[] {
  if (isStar(span)) return numbersBetween(field.lowest, field.last);
  const ends = span.split('-');
  if (ends.length === 2) return readRange(field, ends[0]!, ends[1]!, part);
  const value = readValue(field, span, part);
  return open ? numbersBetween(value, Math.max(value, field.last)) : [value];
}

function isStar(span: string): boolean {
  return span === '*' || span === '?';
}

/** A step starts again in each hour, day or year, so a step of 90 minutes matches only the first value. */
function describeWideStep({ name, count, unit }: CronField, only: number, step: number): string {
  const interval = unit === undefined ? '' : `, or "@every ${step}${unit}" for an interval`;
  return `has a step larger than the field's ${count} values, so it matches only ${name} ${only}; write ${only}${interval}`;
}

function inRange(field: CronField, value: number, text: string, part: string): number {
  const { name, lowest, highest } = field;
  if (value >= lowest && value <= highest) return value;
  const within = text === part ? '' : ` in ${quote(part)}`;
  const year =
    name === 'day of week' && value >= 1970
      ? '; the year is the seventh field, after the seconds first: "0 0 9 1 1 * 2027"'
      : '';
  throw new PartError(field, text, `is out of range ${lowest}-${highest}${within}${year}`);
}

function nameGuess({ names }: CronField, text: string): string {
  const word = text.toLowerCase();
  const [first, second] = [names.find((name) => word.startsWith(name)), word.slice(3)];
  if (first !== undefined && names.includes(second)) {
    return `; did you mean "${first},${second}" or "${first}-${second}"?`;
  }
  const near = first ?? names.find((name) => word.includes(name));
  if (near !== undefined) return `; did you mean "${near}"?`;
  const other = CRON_FIELDS.find((field) => field.names.includes(word));
  return other ? `; "${word}" belongs in the ${other.name}` : didYouMean(word, names);
}

const DAY_OF_MONTH = CRON_FIELDS[3];
const DAY_OF_WEEK = CRON_FIELDS[5];

/** Parses `L`, `L-3`, `15W`, `LW` and `L-3W` in the day of month; returns `undefined` for other parts. */
function readMovableDay(part: string): MovableDay | undefined {
  const [end, before, endW] = /^l(?:-(\d+))?(w)?$/i.exec(part) ?? [];
  if (end !== undefined) {
    const day = Number(before ?? 0);
    if (before !== undefined && (day < 1 || day > 30)) {
      throw new PartError(DAY_OF_MONTH, part, 'is out of range L-1 to L-30');
    }
    return { day, fromEnd: true, nearestWeekday: endW !== undefined };
  }
  const [start, text] = /^(\d+)w$/i.exec(part) ?? [];
  if (start !== undefined) {
    return { day: readValue(DAY_OF_MONTH, text!, part), fromEnd: false, nearestWeekday: true };
  }
  const [, why] = MISWRITTEN_DAYS.find(([pattern]) => pattern.test(part)) ?? [];
  if (why !== undefined) throw new PartError(DAY_OF_MONTH, part, why.replace('$', part.slice(1)));
  return undefined;
}

const MISWRITTEN_DAYS = [
  [/^l\d+$/i, 'is invalid; did you mean "L-$"?'],
  [/^\d+l$/i, 'belongs in the day of week: "5L" is the last Friday'],
  [/^[^/]+-[^/]+w$/i, 'is a range; W belongs to one day: "1W,2W"'],
] as const;

/** Parses `5L`, `L5`, `fri#L`, `5#2` and `mon-fri#1` in the day of week; returns `undefined` for other parts. */
function readNthWeekdays(part: string): NthWeekday[] | undefined {
  if (/^l$/i.test(part)) {
    const why =
      'is ambiguous (Saturday in some libraries, Sunday in others); write sat, sun, or 5L for the last Friday';
    throw new PartError(DAY_OF_WEEK, part, why);
  }
  const [, days, place] = /^([^#]+)#([^#]*)$/.exec(part) ?? [];
  if (days !== undefined && !/^(?:[1-5]|l)$/i.test(place!)) {
    throw new PartError(DAY_OF_WEEK, part, 'needs a number from 1 to 5, or L for the last, after #');
  }
  const which = days ?? /^(.+)l$/i.exec(part)?.[1] ?? /^l(.+)$/i.exec(part)?.[1];
  if (which?.includes('/')) {
    throw new PartError(DAY_OF_WEEK, part, 'combines a step with # or L; list the days instead');
  }
  const nth = /^[1-5]$/.test(place ?? '') ? Number(place) : 'last';
  return which === undefined ? undefined : readValues(DAY_OF_WEEK, which).values.map((weekday) => ({ weekday, nth }));
}

export interface Part {
  readonly values: readonly number[];
  readonly movableDays: readonly MovableDay[];
  readonly nthWeekdays: readonly NthWeekday[];
  /** The part has `*`, a range or a step, so it describes elapsed time: see clock-changes.ts. */
  readonly stepped: boolean;
  /** The part has `H`, so its values depend on the seed. */
  readonly hashed: boolean;
}

const NOTHING: Part = { values: [], movableDays: [], nthWeekdays: [], stepped: false, hashed: false };

/** No valid part is longer, and some regular expressions here take long for very long strings. */
const MAX_PART = 100;

/** The longest text of a field: a list of all years has fewer characters. */
const MAX_TEXT = 2_000;

const read = memoize<Part>();

/** Parses the parts of the i-th field, where seconds are field 0. Throws a `PartError` for the first invalid part. */
export function readParts(i: number, text: string, seed: string): readonly Part[] {
  const field = CRON_FIELDS[i]!;
  if (text.length > MAX_TEXT) throw new PartError(field, text, `is longer than ${MAX_TEXT} characters`);
  return text.split(',').map((part) => {
    if (part.length > MAX_PART) throw new PartError(field, part, `is longer than ${MAX_PART} characters`);
    if (/^h/i.test(part)) return readHashed(field, part, seed);
    return read(`${i} ${part}`, () => readPart(field, part));
  });
}

const H_ALONE = 'is invalid; allowed with H: H, H/15, H(0-29) and H(0-29)/10';

function readPart(field: CronField, part: string): Part {
  if (part === '') throw new PartError(field, part, 'is empty; remove the extra comma');
  // `H` as a separate letter, unlike the `h` in `thu`.
  if (/(?<![a-z])h(?![a-z])/i.test(part)) throw new PartError(field, part, H_ALONE);
  const movable = field === DAY_OF_MONTH ? readMovableDay(part) : undefined;
  if (movable) return { ...NOTHING, movableDays: [movable] };
  const nthWeekdays = field === DAY_OF_WEEK ? readNthWeekdays(part) : undefined;
  return nthWeekdays ? { ...NOTHING, nthWeekdays } : { ...NOTHING, ...readValues(field, part) };
}

/** Parses `H`, `H/15`, `H(0-29)` and `H(0-29)/10`, as in Jenkins. */
function readHashed(field: CronField, part: string, seed: string): Part {
  const [whole, from, to, step] = /^h(?:\((\w+)-(\w+)\))?(?:\/(\w*))?$/i.exec(part) ?? [];
  if (whole === undefined || field.name === 'year') {
    throw new PartError(field, part, field.name === 'year' ? 'is not allowed for years' : H_ALONE);
  }
  const values =
    from === undefined
      ? numbersBetween(field.lowest, field.hashHighest ?? field.last)
      : readRange(field, from, to!, part);
  const width = step === undefined ? values.length : readStep(field, part, step);
  if (width > values.length) {
    throw new PartError(field, part, `has a step larger than the ${values.length} values that H selects from`);
  }
  // Hash each field separately: otherwise an entry at minute 7 would also be at hour 7.
  const start = stableHash(`${field.name} ${seed}`) % width;
  const selected = selectEvery(field, values, width, start);
  return { ...NOTHING, values: selected, stepped: step !== undefined, hashed: true };
}
