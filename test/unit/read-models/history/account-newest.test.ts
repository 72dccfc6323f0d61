import { expect, test } from 'vitest';
import { accountNewest as accountNewestInSteps } from '../../../../src/read-models/history/account.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { makeEntry } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const accountNewest = (...args: Parameters<typeof accountNewestInSteps>) => runAtOnce(accountNewestInSteps(...args));

const NOON = Date.parse('2027-03-01T12:00:00Z');
const YEAR = 365 * 24 * 3_600_000;

/** An entry whose schedule has been in force for a year, and that was due a second ago for the last time. */
const record = (schedule: Schedule) => ({
  entry: makeEntry({ schedule }),
  state: {
    spec: schedule.spec,
    anchor: NOON - YEAR,
    dueAt: NOON - 1_000,
    sentAt: null,
    version: 1,
    rev: 1,
    taskId: null,
    runCount: 0,
  },
  rows: [],
  isComplete: true,
});

test.each([
  ['an interval of a second', timedelta({ seconds: 1 })],
  ['a cron line for each second', cron('* * * * * *')],
])('the newest occurrences of %s are found without visiting a year of them', (_, schedule) => {
  let visited = 0;
  const counted: Schedule = {
    spec: schedule.spec,
    ...(schedule.every !== undefined && { every: schedule.every }),
    next: (after) => ((visited += 1), schedule.next(after)),
    latest: (after, until) => ((visited += 1), schedule.latest!(after, until)),
  };
  const found = accountNewest(record(counted), 60, NOON);
  expect(found.map(({ dueAt }) => (dueAt - NOON) / 1_000)).toEqual(Array.from({ length: 60 }, (_each, i) => i - 59));
  expect(found.at(-1)?.account.kind).toBe('waiting');
  expect(visited).toBeLessThan(10_000);
});

test('an entry that no instance has scheduled yet has no occurrences', () => {
  const unknown = { ...record(timedelta({ seconds: 1 })), state: null };
  expect(accountNewest(unknown, 60, NOON)).toEqual([]);
});
