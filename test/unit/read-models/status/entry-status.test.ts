import { expect, test } from 'vitest';
import { solar } from '../../../../src/schedule/solar.ts';
import { nextRuns, readStatus } from '../../../../src/read-models/status/entry-status.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';
import { alignedSchedule, HOUR, makeEntry, makeState } from '../../../support/entry.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const iso = (hours: number) => new Date(NOON + hours * HOUR).toISOString();

const entry = makeEntry({ name: 'backup', schedule: alignedSchedule(HOUR) });
const state = makeState({ spec: entry.schedule.spec, dueAt: NOON, sentAt: NOON, taskId: 't', runCount: 3 });

test('the status of an entry contains its last and its next run', () => {
  expect(readStatus(entry, state, NOON + 1)).toEqual({
    entry: 'backup',
    task: 'tasks.cleanup',
    schedule: 'aligned 3600000',
    timezone: null,
    enabled: true,
    paused: null,
    skipping: [],
    source: 'configuration',
    lastDueAt: iso(0),
    lastSentAt: iso(0),
    lastTaskId: 't',
    runCount: 3,
    lastSkipped: null,
    nextDueAt: iso(1),
  });
});

test('the status of an entry contains its last skip until a release that ignores it goes on', () => {
  const skipped = { ...state, lastSkip: { dueAt: NOON, reason: 'deadline' } } as const;
  expect(readStatus(entry, skipped, NOON + 1).lastSkipped).toEqual({ dueAt: iso(0), reason: 'deadline' });
  const later = { ...skipped, dueAt: NOON + HOUR };
  expect(readStatus(entry, later, NOON + HOUR + 1).lastSkipped).toBeNull();
});

test('the status of a new entry counts from now', () => {
  expect(readStatus(entry, undefined, NOON + 1)).toMatchObject({ lastDueAt: null, runCount: 0, nextDueAt: iso(1) });
});

test('the status of an entry that is paused without an end has no next run', () => {
  const pause = { since: NOON, until: null, reason: 'migration', by: 'alice' };
  expect(readStatus(entry, { ...state, pause }, NOON + 1)).toMatchObject({
    paused: { since: iso(0), until: null, reason: 'migration', by: 'alice' },
    nextDueAt: null,
  });
});

test('the next run of an entry that is paused until an instant is the first from then on', () => {
  const until = NOON + 3 * HOUR;
  const pause = { since: NOON, until, reason: null, by: 'alice' };
  expect(readStatus(entry, { ...state, pause }, NOON + 1).nextDueAt).toBe(iso(3));
  const later = { ...pause, until: until + 1 };
  expect(readStatus(entry, { ...state, pause: later }, NOON + 1).nextDueAt).toBe(iso(4));
});

test('the next run is never an occurrence that a command skips', () => {
  const skip = [NOON + HOUR, NOON + 2 * HOUR];
  expect(readStatus(entry, { ...state, skip }, NOON + 1)).toMatchObject({
    skipping: [iso(1), iso(2)],
    nextDueAt: iso(3),
  });
});

test('a disabled entry has no next run', () => {
  expect(readStatus({ ...entry, enabled: false }, state, NOON)).toMatchObject({
    enabled: false,
    nextDueAt: null,
    runCount: 3,
  });
});

test('the next run after a pause of decades is found without enumerating occurrences', () => {
  const asked: number[] = [];
  const counted = {
    ...entry.schedule,
    next: (after: Date) => {
      asked.push(after.getTime());
      return entry.schedule.next(after);
    },
  };
  const until = Date.UTC(2099, 0, 1);
  const pause = { since: NOON, until, reason: null, by: 'alice' };
  const { nextDueAt } = readStatus({ ...entry, schedule: counted }, { ...state, pause }, NOON + 1);
  expect(nextDueAt).toBe(new Date(until).toISOString());
  expect(asked.length).toBeLessThan(10);
});

test('entry status: shows the running runs of an entry that limits overlap', () => {
  const running = [{ taskId: 't', dueAt: NOON, sentAt: NOON + 5 }];
  const limited = { ...entry, overlap: 'skip' } as const;
  expect(readStatus(limited, { ...state, running }, NOON + 10).running).toEqual([
    { taskId: 't', dueAt: iso(0), sentAt: new Date(NOON + 5).toISOString() },
  ]);
  expect(readStatus(entry, { ...state, running }, NOON + 10)).not.toHaveProperty('running');
});

test('the next runs of an entry can be interrupted before each search', () => {
  let yields = 0;
  const steps = nextRuns(entry, undefined, NOON, 100);
  for (let step = steps.next(false); !step.done; step = steps.next(false)) yields += 1;
  expect(yields).toBe(99);
});

test('the next runs are fewer than requested, and marked as partial, if their time is used up', () => {
  const polar = makeEntry({ name: 'polar', schedule: solar('sunrise', 89.9, 0) });
  let asked = 0;
  const found = runAtOnce(nextRuns(polar, undefined, NOON, 1_000), () => ++asked === 3);
  expect(found).toMatchObject({ isPartial: true });
  expect(found.instants.map((at) => new Date(at).getUTCFullYear())).toEqual([2027, 2028, 2029]);
});

test('the next runs are not partial if there are as many as requested, or no more', () => {
  const all = runAtOnce(nextRuns(entry, undefined, NOON, 2), () => true);
  expect(all).toEqual({ instants: [NOON + HOUR], isPartial: true });
  const one = runAtOnce(nextRuns(entry, undefined, NOON, 1), () => true);
  expect(one).toEqual({ instants: [NOON + HOUR], isPartial: false });
  const disabled = { ...entry, enabled: false };
  expect(runAtOnce(nextRuns(disabled, undefined, NOON, 2))).toEqual({ instants: [], isPartial: false });
});
