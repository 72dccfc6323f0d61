import { expect, test } from 'vitest';
import { assemble } from '../../../src/import/assemble.ts';
import { compareEntries, isSame } from '../../../src/import/compare.ts';
import { upcomingOf, type Found, type FoundEntry } from '../../../src/import/found.ts';
import { timedelta } from '../../../src/schedule/timedelta.ts';

const entry = (name: string, fields: Partial<FoundEntry['fields']> = {}): FoundEntry => ({
  name,
  place: `source:${name}`,
  fields: { task: 't', schedule: 60, ...fields },
});
const found = (entries: readonly FoundEntry[], more: Partial<Found> = {}): Found => ({
  settings: {},
  entries,
  left: [],
  ...more,
});

test('import: lists each entry and each setting that beat rejects, and keeps the others', () => {
  const settings = { timezone: 'Europe/Oslo', taskSerializer: 'pickle' };
  const wrong = { ...entry('10', { schedule: { cron: '61 * * * *' } }), text: '61 * * * * t' };
  const imported = assemble(found([wrong, entry('9', { priority: 5 } as object), entry('good')], { settings }), false);
  expect(imported.config).toEqual({ timezone: 'Europe/Oslo', beatSchedule: { good: { task: 't', schedule: 60 } } });
  expect(imported.entries.map((each) => each.entry.name)).toEqual(['good']);
  expect(imported.left).toEqual([
    { place: 'setting taskSerializer', reason: expect.stringContaining('pickle') as string },
    { place: 'source:9', reason: expect.stringMatching(/^priority: unknown here/) as string },
    { place: 'source:10', text: '61 * * * * t', reason: 'schedule.cron: minute: "61" is out of range 0-59' },
  ]);
});

test("import: writes beat's spelling of keys", () => {
  const fields = { max_catch_up: 5, args: [{ max_catch_up: 1 }], options: { time_limit: 60 } };
  const settings = { enable_utc: true, TIMEZONE: null };
  const { config } = assemble(found([entry('a', fields as object)], { settings }), false);
  expect(config).toEqual({
    enableUtc: true,
    beatSchedule: {
      a: { task: 't', schedule: 60, maxCatchUp: 5, args: [{ max_catch_up: 1 }], options: { timeLimit: 60 } },
    },
  });
});

test('import: writes last runs if requested, but not for a disabled entry', () => {
  const lastRunAt = Date.UTC(2026, 10, 22, 12);
  const all = ['a', 'b'].map((name) => ({ ...entry(name, { enabled: name === 'a' }), lastRunAt }));
  const { beatSchedule } = assemble(found(all), true).config;
  expect(beatSchedule['a']).toHaveProperty('lastRunAt', '2026-11-22T12:00:00.000Z');
  expect(beatSchedule['b']).not.toHaveProperty('lastRunAt');
});

test('import: an instant of the sun that differs by less than a second is the same', () => {
  const compare = (milliseconds: number) => isSame({ source: new Date(1_000), result: new Date(1_000 + milliseconds) });
  expect([compare(0), compare(999), compare(-999), compare(1_000)]).toEqual([...[true, true, true, false]]);
  expect(isSame({ source: null, result: null })).toBe(true);
  expect(isSame({ source: new Date(0), result: null })).toBe(false);
});

test('import: compares an interval only if its last run is known, on its grid', () => {
  const lastRunAt = Date.UTC(2026, 10, 22, 12);
  const upcoming = upcomingOf(timedelta({ seconds: 60 }));
  const entries = [
    { ...entry('unknown'), upcoming },
    { ...entry('known'), upcoming, lastRunAt },
    { ...entry('off', { enabled: false }), upcoming, lastRunAt },
  ];
  const after = new Date(lastRunAt + 150_000);
  const at = (seconds: number) => new Date(lastRunAt + seconds * 1_000);
  expect(compareEntries(assemble(found(entries), true).entries, { count: 2, after })).toEqual([
    {
      name: 'known',
      place: 'source:known',
      instants: [180, 240].map((seconds) => ({ source: at(seconds), result: at(seconds) })),
    },
  ]);
});
