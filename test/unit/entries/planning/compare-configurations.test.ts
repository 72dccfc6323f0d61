import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { compareConfigurations, MAX_COMPARED } from '../../../../src/entries/planning/compare-configurations.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { alignedSchedule, HOUR, intervalSchedule, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');
const PERIOD = { after: NOON, until: NOON + HOUR };

const compare = (old: readonly Entry[], current: readonly Entry[], period = PERIOD) =>
  compareConfigurations(old, current, period);

const minutes = (...instants: readonly number[]) => instants.map((minute) => NOON + minute * MINUTE);
const hourly = (name: string) => makeEntry({ name, schedule: alignedSchedule(HOUR) });

describe('two configurations', () => {
  test('with equal entries have no differences', () => {
    const { withFunctions, period, ...rest } = compare([makeEntry()], [makeEntry()]);
    expect(Object.values(rest).flat()).toEqual([]);
    expect(withFunctions).toEqual([]);
    expect(period).toBe(PERIOD);
  });

  test('differ in entries that are added, removed and edited, and in their occurrences by name', () => {
    const halfHourly = makeEntry({ name: 'b', schedule: alignedSchedule(HOUR / 2), args: [1] });
    const found = compare([hourly('b'), hourly('c')], [halfHourly, hourly('a')]);
    expect(found.added.map(({ name }) => name)).toEqual(['a']);
    expect(found.removed.map(({ name }) => name)).toEqual(['c']);
    expect(found.edited).toMatchObject([{ before: { name: 'b', args: [] }, after: { name: 'b', args: [1] } }]);
    expect(found.occurrences).toEqual([
      { entry: 'a', appear: minutes(60), disappear: [], isPartial: false },
      { entry: 'b', appear: minutes(30), disappear: [], isPartial: false },
      { entry: 'c', appear: [], disappear: minutes(60), isPartial: false },
    ]);
  });

  test('differ in occurrences later than the period begins, up to its end', () => {
    const every = (ms: number) => [makeEntry({ schedule: intervalSchedule(ms) })];
    const [change] = compare(every(30 * MINUTE), every(20 * MINUTE)).occurrences;
    expect(change).toMatchObject({ appear: minutes(20, 40), disappear: minutes(30) });
    const shorter = { after: NOON, until: NOON + HOUR - 1 };
    expect(compare([], [hourly('a')], shorter).occurrences).toEqual([]);
  });

  test('differ in an entry that is disabled, which has no occurrences', () => {
    const [change] = compare([hourly('a')], [{ ...hourly('a'), enabled: false }]).occurrences;
    expect(change).toMatchObject({ appear: [], disappear: minutes(60) });
  });

  test('are compared up to a number of occurrences, and say where there are more', () => {
    const secondly = makeEntry({ schedule: alignedSchedule(SECOND) });
    const until = (seconds: number) => ({ after: NOON, until: NOON + seconds * SECOND });
    const compared = (seconds: number) => compare([], [secondly], until(seconds)).occurrences[0]!;
    expect(MAX_COMPARED).toBe(100_000);
    expect(compared(99_999)).toMatchObject({ isPartial: false });
    const { appear, isPartial } = compared(100_001);
    expect(appear).toHaveLength(100_000);
    expect(isPartial).toBe(true);
  });
});

describe('an edited entry', () => {
  const fieldsOf = (before: Partial<Entry>, after: Partial<Entry>) =>
    compare([makeEntry(before)], [makeEntry(after)]).edited.flatMap(({ fields }) => fields);

  test('has the parts that differ, with their paths', () => {
    const before = { kwargs: { a: { b: 1, c: 2 } }, args: [1, 2], missed: 'once' } as const;
    const after = { kwargs: { a: { b: 1, d: 3 } }, args: [1, 3], missed: 'all' } as const;
    expect(fieldsOf(before, after)).toEqual([
      { path: ['args', '1'], before: 2, after: 3 },
      { path: ['kwargs', 'a', 'c'], before: 2, after: undefined },
      { path: ['kwargs', 'a', 'd'], before: undefined, after: 3 },
      { path: ['missed'], before: 'once', after: 'all' },
    ]);
  });

  test('has lists of different lengths, and values of different kinds, as wholes', () => {
    expect(fieldsOf({ args: [1] }, { args: [1, 2] })).toEqual([{ path: ['args'], before: [1], after: [1, 2] }]);
    expect(fieldsOf({ args: [[1]] }, { args: [{ 0: 1 }] })).toEqual([
      { path: ['args', '0'], before: [1], after: { 0: 1 } },
    ]);
    expect(fieldsOf({ args: [{}] }, { args: [1] })).toEqual([{ path: ['args', '0'], before: {}, after: 1 }]);
  });

  test('has the text of its schedule', () => {
    const [before, after] = [SECOND, MINUTE].map((ms) => ({ schedule: alignedSchedule(ms) }));
    expect(fieldsOf(before!, after!)).toEqual([{ path: ['schedule'], before: 'aligned 1000', after: 'aligned 60000' }]);
  });

  test('has functions by their text, and is named if they have none', () => {
    const withSpec = (spec: string) => ({ compute: Object.assign(() => ({ args: [], kwargs: {} }), { spec }) });
    expect(fieldsOf(withSpec('a'), withSpec('b'))).toEqual([{ path: ['compute'], before: 'a', after: 'b' }]);
    // An instance of a class, as the schedules of beat are.
    const schedule = Object.create(alignedSchedule(MINUTE)) as Schedule;
    const edited = ['a', 'b'].map((spec) => makeEntry({ ...withSpec(spec), schedule }));
    expect(compare([edited[0]!], [edited[1]!]).withFunctions).toEqual([]);
    const plain = () => makeEntry({ args: [{ deep: [() => 1] }], schedule });
    const found = compare([plain()], [plain()]);
    expect(found.edited).toEqual([]);
    expect(found.occurrences).toEqual([]);
    expect(found.withFunctions).toEqual(['cleanup']);
  });
});
