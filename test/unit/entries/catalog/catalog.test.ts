import { expect, test } from 'vitest';
import { Catalog, type Difference } from '../../../../src/entries/catalog/catalog.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';
import { alignedSchedule, HOUR, makeEntry, MINUTE } from '../../../support/entry.ts';

/** Replaces all entries, and returns how they differ. */
function replace(catalog: Catalog, entries: readonly Entry[]): Difference {
  const replacement = runAtOnce(catalog.compare(entries));
  catalog.replace(replacement);
  return replacement.difference;
}

const unchanged = { added: [], changed: [], removed: [] };

test('a catalog: names what was added, changed and removed', () => {
  const catalog = new Catalog(['a', 'b', 'c'].map((name) => makeEntry({ name })));
  const difference = replace(catalog, [
    makeEntry({ name: 'b' }),
    makeEntry({ name: 'c', task: 'tasks.other' }),
    makeEntry({ name: 'd' }),
  ]);
  expect(difference).toEqual({ added: ['d'], changed: ['c'], removed: ['a'] });
  expect([...catalog.names]).toEqual(['b', 'c', 'd']);
  expect(catalog.find('a')).toBeUndefined();
  expect(catalog.find('c')).toMatchObject({ task: 'tasks.other' });
});

test('a catalog: keeps the object of an entry that did not change', () => {
  const before = makeEntry({ kwargs: { deep: [{ value: 1 }] } });
  const catalog = new Catalog([before]);
  const after = makeEntry({ kwargs: { deep: [{ value: 1 }] }, schedule: alignedSchedule(MINUTE) });
  expect(replace(catalog, [after])).toEqual(unchanged);
  expect(catalog.find('cleanup')).toBe(before);
});

test.each([
  ['its schedule', { schedule: alignedSchedule(HOUR) }],
  ['its arguments', { args: [1] }],
  ['a value deep in its arguments', { kwargs: { deep: [{ value: 2 }] } }],
  ['its options', { options: { queue: 'slow' } }],
  ['its description', { description: 'daily' }],
  ['whether it is enabled', { enabled: false }],
  ['its policy for missed runs', { missed: 'all' as const }],
  ['the limit of caught-up runs', { maxCatchUp: 3 }],
  ['its starting deadline', { startingDeadline: 5 }],
  ['a function that computes its arguments', { compute: () => ({ args: [], kwargs: {} }) }],
])('a catalog: an entry changes with %s', (_, change) => {
  const given = { kwargs: { deep: [{ value: 1 }] }, compute: () => ({ args: [], kwargs: {} }) };
  const catalog = new Catalog([makeEntry(given)]);
  const difference = replace(catalog, [makeEntry({ ...given, ...change })]);
  expect(difference).toEqual({ ...unchanged, changed: ['cleanup'] });
});

test('a catalog: compares one entry in each step, so that a large reload does not delay the leader', () => {
  const entries = ['a', 'b', 'c'].map((name) => makeEntry({ name }));
  let pauses = 0;
  runAtOnce(new Catalog(entries).compare(entries), () => {
    pauses += 1;
    return false;
  });
  expect(pauses).toBe(3);
});
