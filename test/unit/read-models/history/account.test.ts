import { describe, expect, test } from 'vitest';
import {
  account,
  accountNewest,
  describeAccount,
  recordedSince,
  type Account,
  type Recorded,
} from '../../../../src/read-models/history/account.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import type { HistoryRow, RunRow, SkipRow } from '../../../../src/contracts/store/history.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { makeEntry, MINUTE } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');
const at = (minutes: number) => NOON + minutes * MINUTE;

function run(minutes: number, more: Partial<RunRow> = {}): RunRow {
  return {
    kind: 'run',
    dueAt: at(minutes),
    sentAt: at(minutes) + 5,
    cause: 'schedule',
    taskId: `run-${minutes}`,
    task: 'tasks.a',
    queue: 'celery',
    term: 1,
    leader: 'gen1@a',
    number: minutes,
    ...more,
  };
}

function skip(first: number, last: number, more: Partial<SkipRow> = {}): SkipRow {
  return {
    kind: 'skip',
    first: at(first),
    last: at(last),
    count: null,
    reason: 'coalesced',
    at: at(last),
    term: 1,
    ...more,
  };
}

/** An entry that is due each minute from 12:01 on, of which those up to `done` were dealt with. */
function record(done: number, oldestFirst: readonly HistoryRow[], isComplete = true): Recorded {
  const schedule = cron('* * * * *');
  const state = {
    spec: schedule.spec,
    anchor: NOON,
    dueAt: at(done),
    sentAt: null,
    taskId: null,
    version: 1,
    rev: 1,
    runCount: 0,
  };
  return { entry: makeEntry({ schedule }), state, rows: oldestFirst.toReversed(), isComplete };
}

function kinds(recorded: Recorded, from: number, to: number, now = to): string[] {
  const period = { from: at(from), to: at(to), now: at(now) };
  return [...account(recorded, period)].map(({ dueAt, account: found }) => {
    return `${(dueAt - NOON) / MINUTE} ${describeKind(found)}`;
  });
}

function describeKind(found: Account): string {
  if (found.kind === 'skipped') return `skipped: ${found.reason}`;
  return found.kind === 'published' ? `published ${found.run.taskId}` : found.kind;
}

describe('the account of a period', () => {
  test('lists each occurrence with its run, from the first minute and before the last', () => {
    expect(kinds(record(4, [run(1), run(2), run(3), run(4)]), 2, 4)).toEqual([
      '2 published run-2',
      '3 published run-3',
    ]);
  });

  test('expects nothing before the schedule took effect', () => {
    expect(kinds(record(2, [run(1), run(2)]), -10, 3)).toEqual(['1 published run-1', '2 published run-2']);
  });

  test('lists runs from before the schedule came into force too', () => {
    expect(kinds(record(1, [run(-3), run(1)]), -10, 2)).toEqual(['-3 published run--3', '1 published run-1']);
  });

  test('has the reason of skipped stretches, and of a single skip within one', () => {
    const rows = [run(1), skip(2, 4), skip(3, 3, { reason: 'skipped' }), run(5, { number: 2 })];
    expect(kinds(record(5, rows), 1, 6)).toEqual([
      '1 published run-1',
      '2 skipped: coalesced',
      '3 skipped: skipped',
      '4 skipped: coalesced',
      '5 published run-5',
    ]);
  });

  test('reports an occurrence that is done but has no row', () => {
    expect(kinds(record(3, [run(1), run(3)]), 1, 4)).toEqual([
      '1 published run-1',
      '2 unaccounted',
      '3 published run-3',
    ]);
  });

  test('reports the first occurrence of a new entry if it has no row', () => {
    expect(kinds(record(2, [run(2, { number: 1 })]), 1, 3)).toEqual(['1 unaccounted', '2 published run-2']);
  });

  test('reports an occurrence that has two runs', () => {
    const rows = [run(1), run(1, { term: 2, number: 2 })];
    expect(kinds(record(1, rows), 1, 2)).toEqual(['1 published-twice']);
  });

  test('does not count runs that commands asked for', () => {
    const rows = [run(1), run(1, { cause: 'backfill', number: 2 }), run(1.5, { cause: 'manual' })];
    expect(kinds(record(1, rows), 1, 2)).toEqual(['1 published run-1']);
    expect(kinds(record(1, [run(1, { cause: 'backfill' })]), 1, 2)).toEqual(['1 unaccounted']);
  });

  test('does not report occurrences from before the oldest row as unaccounted', () => {
    const rows = [run(3, { number: 7 }), run(4, { number: 8 })];
    expect(kinds(record(4, rows), 2, 5)).toEqual(['2 before-history', '3 published run-3', '4 published run-4']);
    expect(kinds(record(2, []), 1, 3)).toEqual(['1 before-history', '2 before-history']);
  });

  test('distinguishes waiting occurrences from those that are not yet due', () => {
    expect(kinds(record(1, [run(1)]), 1, 4, 2)).toEqual(['1 published run-1', '2 waiting', '3 not-yet-due']);
  });

  test('counts a run that was withdrawn from the outbox as skipped', () => {
    const rows = [run(1), skip(1, 1, { reason: 'expired', taskId: 'run-1' })];
    expect(kinds(record(1, rows), 1, 2)).toEqual(['1 skipped: expired']);
  });

  test('counts intervals backwards from the newest occurrence', () => {
    const schedule = timedelta({ minutes: 2 });
    const { state, ...rest } = record(4, [run(2, { number: 1 }), run(4, { number: 2 })]);
    const entry = makeEntry({ schedule });
    const recorded = { ...rest, entry, state: { ...state!, spec: schedule.spec } };
    expect(kinds(recorded, 0, 7, 5)).toEqual(['2 published run-2', '4 published run-4', '6 not-yet-due']);
  });

  test('expects nothing of an entry that is disabled, without state, or edited since', () => {
    const recorded = record(2, []);
    const cases: Recorded[] = [
      { ...recorded, entry: { ...recorded.entry, enabled: false } },
      { ...recorded, state: null },
      { ...recorded, state: { ...recorded.state!, spec: 'other' } },
    ];
    for (const each of cases) expect(kinds(each, 0, 9)).toEqual([]);
  });
});

test('the history is complete from its oldest row on, or wholly if that is of the first run', () => {
  const since = (rows: readonly HistoryRow[], isComplete = true) => recordedSince(record(9, rows, isComplete));
  expect(since([skip(1, 2), run(3, { number: 1 })])).toBe(-Infinity);
  expect(since([run(3, { number: 1 })], false)).toBe(at(3));
  expect(since([skip(1, 2), run(3, { number: 5 })])).toBe(at(1));
  expect(since([run(0, { cause: 'backfill', number: 4 }), run(3, { number: 5 })])).toBe(at(3));
  expect(since([])).toBe(Infinity);
});

const newest = (...args: Parameters<typeof accountNewest>) => runAtOnce(accountNewest(...args));

const YEAR = 365 * 24 * 3_600_000;

/** An entry whose schedule has been in force for a year, and that was due a second ago for the last time. */
const recordYear = (schedule: Schedule) => ({
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
  const found = newest(recordYear(counted), 60, NOON);
  expect(found.map(({ dueAt }) => (dueAt - NOON) / 1_000)).toEqual(Array.from({ length: 60 }, (_each, i) => i - 59));
  expect(found.at(-1)?.account.kind).toBe('waiting');
  expect(visited).toBeLessThan(10_000);
});

test('an entry that no instance has scheduled yet has no occurrences', () => {
  const unknown = { ...recordYear(timedelta({ seconds: 1 })), state: null };
  expect(newest(unknown, 60, NOON)).toEqual([]);
});

describe('an account in words', () => {
  const found = (more: Partial<RunRow> = {}) => ({ ...run(1, more), outcome: null, withdrawn: null });
  const cases: readonly (readonly [string, Account])[] = [
    ['published 5 ms late by gen1@a: run-1', { kind: 'published', run: found() }],
    ['published 5 ms late, caught up by gen1@a: run-1', { kind: 'published', run: found({ cause: 'catch-up' }) }],
    [
      'PUBLISHED 2 TIMES: run-1 in term 1, b in term 2',
      { kind: 'published-twice', runs: [found(), found({ taskId: 'b', term: 2 })] },
    ],
    ['skipped: the entry was paused', { kind: 'skipped', reason: 'paused', skip: skip(1, 1) }],
    [
      'due, and not yet dealt with: no leader, the entry is paused, or it waits for an earlier run',
      { kind: 'waiting' },
    ],
    ['not yet due', { kind: 'not-yet-due' }],
    ['unknown: before the oldest row of the history', { kind: 'before-history' }],
    ['NOT ACCOUNTED FOR', { kind: 'unaccounted' }],
  ];
  test.each(cases)('is "%s"', (words, given) => {
    expect(describeAccount(given)).toBe(words);
  });
});

describe('the newest occurrences', () => {
  const minutesOf = (recorded: Recorded, limit: number, now: number) =>
    newest(recorded, limit, at(now)).map(({ dueAt }) => (dueAt - NOON) / MINUTE);

  test('end with the present, and go back to when the schedule came into force', () => {
    const recorded = record(4, [run(1), run(2), run(3), run(4)]);
    expect(minutesOf(recorded, 2, 4)).toEqual([3, 4]);
    expect(minutesOf(recorded, 9, 4)).toEqual([1, 2, 3, 4]);
    expect(minutesOf(recorded, 9, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(minutesOf(record(0, []), 9, 0)).toEqual([]);
  });

  test('have older runs where the schedule has too few occurrences', () => {
    const rows = [run(-9), run(-5), run(1)];
    expect(minutesOf(record(1, rows), 3, 1)).toEqual([-9, -5, 1]);
    expect(minutesOf(record(1, rows), 2, 1)).toEqual([-5, 1]);
  });

  test('of a schedule that cannot skip ahead are searched from the begin of the history', () => {
    const { schedule } = record(1, []).entry;
    const visited: number[] = [];
    const slow: Schedule = {
      spec: schedule.spec,
      next: (after) => (visited.push((after.getTime() - NOON) / MINUTE), schedule.next(after)),
    };
    const recorded = record(9, [run(7, { number: 7 }), run(8), run(9)]);
    const entry = { ...recorded.entry, schedule: slow };
    expect(minutesOf({ ...recorded, entry }, 2, 9)).toEqual([8, 9]);
    expect(Math.min(...visited)).toBeGreaterThan(6);
  });
});

test('the account of a period: a stretch has its first and its last occurrence', () => {
  const rows = [run(1), skip(2, 3), run(4), skip(5, 5, { reason: 'paused' })];
  expect(kinds(record(5, rows), 2, 6)).toEqual([
    ...['2 skipped: coalesced', '3 skipped: coalesced'],
    ...['4 published run-4', '5 skipped: paused'],
  ]);
});

test('the account of a period: a run in two stretches of skips has the first reason that is of it alone', () => {
  const rows = [run(1), skip(2, 4, { reason: 'missed' }), skip(1, 5)];
  expect(kinds(record(5, rows), 3, 4)).toEqual(['3 skipped: coalesced']);
});
