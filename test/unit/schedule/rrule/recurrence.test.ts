import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeriodTimes } from '../../../../src/schedule/rrule/recurrence.ts';

const HOUR = 3_600_000;
const values = (size: number) =>
  fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 4 }).map((found) => found.toSorted((a, b) => a - b));

test('the times of a period have the index and the order of a list of all combinations', () => {
  const parts = fc.tuple(values(24), values(60), values(60));
  fc.assert(
    fc.property(parts, fc.nat(25 * HOUR), ([hours, minutes, seconds], time) => {
      const times = new PeriodTimes([
        { unit: HOUR, values: hours },
        { unit: 60_000, values: minutes },
        { unit: 1_000, values: seconds },
      ]);
      const listed = hours.flatMap((hour) =>
        minutes.flatMap((minute) => seconds.map((second) => hour * HOUR + minute * 60_000 + second * 1_000)),
      );
      expect(times.count).toBe(listed.length);
      expect(listed.map((_, i) => times.at(i))).toEqual(listed);
      expect(listed.map((each) => times.indexFrom(each))).toEqual(listed.map((_, i) => i));
      expect(times.indexFrom(time)).toBe(listed.filter((each) => each < time).length);
    }),
  );
});

test('a period without parts has one time, its beginning', () => {
  const times = new PeriodTimes([]);
  expect([times.count, times.at(0), times.indexFrom(0), times.indexFrom(1)]).toEqual([1, 0, 0, 1]);
});
