import { describe, expect, test } from 'vitest';
import { upcoming } from '../../../../src/entries/planning/next-due.ts';
import { alignedSchedule, intervalSchedule, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

const shown = (found: Iterable<{ entry: { name: string }; dueAt: number }>) =>
  [...found].map(({ entry, dueAt }) => `${entry.name} +${(dueAt - NOON) / SECOND}`);

describe('future occurrences', () => {
  const minutely = makeEntry({ name: 'b', schedule: alignedSchedule(MINUTE) });
  const often = makeEntry({ name: 'a', schedule: alignedSchedule(20 * SECOND) });

  test('are the given number for each entry, sorted by time, then by name', () => {
    expect(shown(upcoming([minutely, often], NOON, 3))).toEqual([
      'a +20',
      'a +40',
      'a +60',
      'b +60',
      'b +120',
      'b +180',
    ]);
  });

  test('are in the order of names at one instant, however the entries are ordered', () => {
    const entries = ['c', 'a', 'b'].map((name) => makeEntry({ name }));
    expect(shown(upcoming(entries, NOON, 1))).toEqual(['a +60', 'b +60', 'c +60']);
  });

  test('are later than the given instant', () => {
    expect(shown(upcoming([minutely], NOON - 1, 1))).toEqual(['b +0']);
    expect(shown(upcoming([minutely], NOON, 1))).toEqual(['b +60']);
  });

  test('of an interval count from the given instant', () => {
    const every = makeEntry({ name: 'i', schedule: intervalSchedule(7 * SECOND) });
    expect(shown(upcoming([every], NOON, 3))).toEqual(['i +7', 'i +14', 'i +21']);
  });

  test('end with the schedule', () => {
    const once = makeEntry({
      name: 'once',
      schedule: { spec: 'at', next: (at) => (+at < NOON + SECOND ? new Date(NOON + SECOND) : null) },
    });
    expect(shown(upcoming([once], NOON, 5))).toEqual(['once +1']);
    expect(shown(upcoming([once], NOON + SECOND, 5))).toEqual([]);
  });

  test('are empty if none are requested', () => {
    expect(shown(upcoming([minutely, often], NOON, 0))).toEqual([]);
  });

  test('call a schedule once for each occurrence that they show', () => {
    let asked = 0;
    const schedule = alignedSchedule(MINUTE);
    const counting = makeEntry({ schedule: { spec: 'counting', next: (after) => (asked++, schedule.next(after)) } });
    expect(shown(upcoming([counting], NOON, 2))).toHaveLength(2);
    expect(asked).toBe(2);
  });
});
