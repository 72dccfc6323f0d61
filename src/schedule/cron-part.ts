import { memo } from '../util/memoize.ts';
import type { MovableDay, NthWeekday } from './calendar.ts';
import { readMovableDay, readPlacedWeekdays } from './cron-days.ts';
import { CRON_FIELDS, lastOf, type CronField } from './cron-fields.ts';
import { PartError, readRange, readStep, readValues, sequence } from './cron-value.ts';
import { stableHash } from './stable-hash.ts';

/** What one part of a field (between its commas) adds to the sets. */
export interface Part {
  readonly values: readonly number[];
  readonly movableDays: readonly MovableDay[];
  readonly lastWeekdays: readonly number[];
  readonly nthWeekdays: readonly NthWeekday[];
  /** It holds `*`, a range or a step: it describes a distance rather than certain times. */
  readonly stepped: boolean;
  /** It holds `H`, so that the seed decides. */
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

/** Far more than any part has; longer texts are a mistake, and some would take long to match. */
const LONGEST_PART = 100;

const read = memo<Part>();

/** The parts of the i-th field, seconds first; `H` is worked out from the seed. A `PartError` for the first that is wrong. */
export function readParts(i: number, text: string, seed: string): readonly Part[] {
  const field = CRON_FIELDS[i]!;
  return text.split(',').map((part) => {
    if (part.length > LONGEST_PART) throw new PartError(field, part, 'is too long to be a part');
    if (/^h/i.test(part)) return readHashed(field, part, seed);
    return read(`${i} ${part}`, () => readPart(field, part));
  });
}

const H_ALONE = 'is not understood; H stands alone, or as H/15, H(0-29) or H(0-29)/10';

function readPart(field: CronField, part: string): Part {
  if (part === '') throw new PartError(field, part, 'is an empty part between commas');
  // A letter of its own, and not one of `thu`.
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

/** `H`, `H/15`, `H(0-29)` and `H(0-29)/10`, as in Jenkins. */
function readHashed(field: CronField, part: string, seed: string): Part {
  const [whole, from, to, step] = /^h(?:\((\w+)-(\w+)\))?(?:\/(\w*))?$/i.exec(part) ?? [];
  if (whole === undefined || field.name === 'year') {
    throw new PartError(field, part, field.name === 'year' ? 'would choose a year' : H_ALONE);
  }
  const values =
    from === undefined
      ? sequence(field.lowest, field.hashHighest ?? lastOf(field))
      : readRange(field, from, to!, part);
  // Each field chooses for itself: otherwise an entry at minute 7 would also be at hour 7.
  const hash = stableHash(`${field.name} ${seed}`);
  const chosen = (among: readonly number[]) => ({
    ...NOTHING,
    values: among.map((value) => toValue(field, value)),
    hashed: true,
  });
  if (step === undefined) return chosen([values[hash % values.length]!]);
  const width = readStep(field, part, step);
  if (width > values.length) {
    const why = `has a step of more than the ${values.length} values that H chooses from`;
    throw new PartError(field, part, why);
  }
  const start = hash % width;
  return { ...chosen(values.filter((_, i) => i % width === start)), stepped: true };
}

/** Sunday is 0 and 7. */
function toValue(field: CronField, value: number): number {
  return field.name === 'day of week' ? value % 7 : value;
}
