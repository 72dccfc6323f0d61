import { memoize } from '../../util/memoize.ts';
import type { MovableDay, NthWeekday } from '../calendar/calendar.ts';
import { readMovableDay, readPlacedWeekdays } from './cron-days.ts';
import { CRON_FIELDS, lastValue, type CronField } from './cron-fields.ts';
import { PartError, readRange, readStep, readValues, sequence } from './cron-value.ts';
import { stableHash } from '../stable-hash.ts';

/** The values of one comma-separated part of a field. */
export interface Part {
  readonly values: readonly number[];
  readonly movableDays: readonly MovableDay[];
  readonly lastWeekdays: readonly number[];
  readonly nthWeekdays: readonly NthWeekday[];
  /** The part has `*`, a range or a step, so it describes elapsed time: see clock-changes.ts. */
  readonly stepped: boolean;
  /** The part has `H`, so its values depend on the seed. */
  readonly hashed: boolean;
}

const NOTHING: Part = {
  values: [],
  movableDays: [],
  lastWeekdays: [],
  nthWeekdays: [],
  stepped: false,
  hashed: false,
};

/** No valid part is longer, and some regular expressions here take long for very long strings. */
const MAX_PART = 100;

/** The longest text of a field: a list of all years has fewer characters. */
const MAX_TEXT = 2_000;

const read = memoize<Part>();

/** Parses the parts of the i-th field, where seconds are field 0. Throws a `PartError` for the first invalid part. */
export function readParts(i: number, text: string, seed: string): readonly Part[] {
  const field = CRON_FIELDS[i]!;
  if (text.length > MAX_TEXT)
    throw new PartError(field, text, `is longer than ${MAX_TEXT} characters`);
  return text.split(',').map((part) => {
    if (part.length > MAX_PART)
      throw new PartError(field, part, `is longer than ${MAX_PART} characters`);
    if (/^h/i.test(part)) return readHashed(field, part, seed);
    return read(`${i} ${part}`, () => readPart(field, part));
  });
}

const H_ALONE = 'is invalid; allowed with H: H, H/15, H(0-29) and H(0-29)/10';

function readPart(field: CronField, part: string): Part {
  if (part === '') throw new PartError(field, part, 'is empty; remove the extra comma');
  // A separate letter, unlike the one in `thu`.
  if (/(?<![a-z])h(?![a-z])/i.test(part)) throw new PartError(field, part, H_ALONE);
  if (field.name === 'day of month') {
    const day = readMovableDay(part);
    if (day) return { ...NOTHING, movableDays: [day] };
  }
  if (field.name === 'day of week') {
    const placed = readPlacedWeekdays(part);
    if (placed) return { ...NOTHING, ...placed };
  }
  const { values, stepped } = readValues(field, part);
  return { ...NOTHING, values: values.map((value) => toValue(field, value)), stepped };
}

/** Parses `H`, `H/15`, `H(0-29)` and `H(0-29)/10`, as in Jenkins. */
function readHashed(field: CronField, part: string, seed: string): Part {
  const [whole, from, to, step] = /^h(?:\((\w+)-(\w+)\))?(?:\/(\w*))?$/i.exec(part) ?? [];
  if (whole === undefined || field.name === 'year') {
    throw new PartError(field, part, field.name === 'year' ? 'is not allowed for years' : H_ALONE);
  }
  const values =
    from === undefined
      ? sequence(field.lowest, field.hashHighest ?? lastValue(field))
      : readRange(field, from, to!, part);
  // Hash each field separately: otherwise an entry at minute 7 would also be at hour 7.
  const hash = stableHash(`${field.name} ${seed}`);
  const chosen = (among: readonly number[]) => ({
    ...NOTHING,
    values: among.map((value) => toValue(field, value)),
    hashed: true,
  });
  if (step === undefined) return chosen([values[hash % values.length]!]);
  const width = readStep(field, part, step);
  if (width > values.length) {
    const why = `has a step larger than the ${values.length} values that H selects from`;
    throw new PartError(field, part, why);
  }
  const start = hash % width;
  return { ...chosen(values.filter((_, i) => i % width === start)), stepped: true };
}

/** Normalizes Sunday, which is 0 and 7. */
function toValue(field: CronField, value: number): number {
  return field.name === 'day of week' ? value % 7 : value;
}
