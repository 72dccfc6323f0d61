import fc from 'fast-check';

import type { CrontabFields } from '../../../src/schedule/crontab.ts';

export const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone')];

export const zone = fc.constantFrom(...ZONES);

/** A field of a crontab as text; stars are the most common, as they are in life. */
function field(lowest: number, highest: number): fc.Arbitrary<string> {
  const number = fc.integer({ min: lowest, max: highest });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: highest });
  const list = fc.array(number, { minLength: 1, maxLength: 4 }).map((all) => all.join(','));
  const stepped = fc.tuple(fc.oneof(fc.constant('*'), range), step).map((pair) => pair.join('/'));
  return fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, list, list, range, stepped);
}

/** Texts of the five fields, with days that leave something to be due in most years. */
export const fields = fc.record({
  minute: field(0, 59),
  hour: fc.oneof(field(0, 23), field(0, 3)),
  dayOfMonth: fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, field(1, 31)),
  monthOfYear: fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, field(1, 12)),
  dayOfWeek: fc.oneof({ weight: 2, arbitrary: fc.constant('*') }, field(0, 6)),
}) satisfies fc.Arbitrary<CrontabFields>;

export type FieldTexts = Required<typeof fields extends fc.Arbitrary<infer T> ? T : never>;

/** As a line of crontab(5). */
export function line(f: FieldTexts): string {
  return `${f.minute} ${f.hour} ${f.dayOfMonth} ${f.monthOfYear} ${f.dayOfWeek}`;
}

/** Between two years, to the millisecond. */
export function instant(from: number, to: number): fc.Arbitrary<Date> {
  return fc.integer({ min: Date.UTC(from), max: Date.UTC(to) }).map((ms) => new Date(ms));
}
