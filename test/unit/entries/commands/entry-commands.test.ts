import { describe, expect, test } from 'vitest';
import { applyCommand as applyCommandInSteps } from '../../../../src/entries/commands/entry-commands.ts';
import type { EntryCommand } from '../../../../src/entries/commands/command.ts';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import { makeEntry } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const applyCommand = (...args: Parameters<typeof applyCommandInSteps>) => runAtOnce(applyCommandInSteps(...args));

const HOURLY = crontab({ minute: 0 });
/** 12:30 UTC; the run of 12:00 was sent. */
const NOW = Date.UTC(2026, 10, 22, 12, 30);
const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

const SENT = { id: 'c1', at: null, by: 'alice', reason: null };

function state(more: Partial<EntryState> = {}, schedule: Schedule = HOURLY): EntryState {
  return {
    version: 1,
    rev: 1,
    spec: schedule.spec,
    anchor: NOON - 24 * HOUR,
    dueAt: NOON,
    sentAt: NOON,
    taskId: 't',
    runCount: 24,
    ...more,
  };
}

function apply(
  command: EntryCommand,
  { given = state(), schedule = HOURLY, now = NOW }: { given?: EntryState; schedule?: Schedule; now?: number } = {},
) {
  return applyCommand({ entry: makeEntry({ name: 'backup', schedule }), state: given }, command, now);
}

describe('pause', () => {
  const command = { ...SENT, do: 'pause', entry: 'backup', reason: 'migration', until: null } as const;

  test('stores its start, sender and reason, and changes nothing else', () => {
    expect(apply(command)).toMatchObject({
      kind: 'applied',
      runs: [],
      skipped: [],
      answer: 'paused backup',
      changes: { pause: { since: NOW, until: null, reason: 'migration', by: 'alice' } },
    });
  });

  test('ends by itself at an instant', () => {
    const until = NOW + HOUR;
    expect(apply({ ...command, until })).toMatchObject({
      answer: 'paused backup until 2026-11-22T13:30:00.000Z',
      changes: { pause: { until } },
    });
  });

  test.each([NOW - 1, NOW])('is rejected with an end in the past: %d', (until) => {
    expect(apply({ ...command, until })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('is in the past') as string,
    });
  });

  test('of a paused entry replaces end and reason, but not its start', () => {
    const given = state({ pause: { since: NOON, until: NOW + 1, reason: 'old', by: 'bob' } });
    expect(apply(command, { given })).toMatchObject({
      changes: { pause: { since: NOON, until: null, reason: 'migration', by: 'alice' } },
    });
  });
});

describe('resume', () => {
  const command = { ...SENT, do: 'resume', entry: 'backup' } as const;
  const given = state({ pause: { since: NOON + 1, until: null, reason: null, by: 'alice' } });

  test('skips what was due during the pause, and nothing that is due now', () => {
    const [first, last] = [NOON + HOUR, NOON + 3 * HOUR];
    const outcome = apply(command, { given, now: NOON + 4 * HOUR });
    expect(outcome).toMatchObject({
      kind: 'applied',
      runs: [],
      commandId: 'c1',
      changes: { pause: undefined, dueAt: last },
      skipped: [{ reason: 'paused', first, last, count: 3 }],
      answer: 'resumed backup; 3 skipped while it was paused',
    });
  });

  test('changes only the pause when nothing was due', () => {
    expect(apply(command, { given, now: NOON + HOUR })).toMatchObject({ changes: { pause: undefined }, skipped: [] });
  });

  test('is rejected for an entry that is not paused', () => {
    expect(apply(command)).toEqual({
      kind: 'rejected',
      reason: 'entry "backup" is not paused; beat list shows which are',
    });
  });
});

describe('run', () => {
  test('publishes a run of this instant without a change of the schedule', () => {
    expect(apply({ ...SENT, do: 'run', entry: 'backup' })).toMatchObject({
      kind: 'applied',
      changes: {},
      skipped: [],
      answer: 'published a run of backup',
      runs: [NOW],
    });
  });
});

describe('skip', () => {
  const command = { ...SENT, do: 'skip', entry: 'backup', dueAt: null } as const;
  const [at13, at14] = [NOON + HOUR, NOON + 2 * HOUR];

  test('skips the next occurrence, and then the one after it', () => {
    expect(apply(command)).toMatchObject({
      changes: { skip: [at13] },
      answer: 'backup skips the run of 2026-11-22T13:00:00.000Z',
    });
    expect(apply(command, { given: state({ skip: [at13] }) })).toMatchObject({ changes: { skip: [at13, at14] } });
  });

  test('skips the next occurrence to come, although earlier ones were missed', () => {
    const now = NOON + 3 * HOUR;
    expect(apply(command, { now })).toMatchObject({ changes: { skip: [now + HOUR] } });
  });

  test('skips a missed occurrence that is given', () => {
    const now = NOON + 3 * HOUR;
    const outcome = apply({ ...command, dueAt: at13 }, { now });
    expect(outcome).toMatchObject({ changes: { skip: [at13] } });
  });

  test('skips a given occurrence of an interval, which is counted from the last one', () => {
    const schedule = timedelta({ minutes: 25 });
    const given = state({}, schedule);
    const skips = (minutes: number) => apply({ ...command, dueAt: NOON + minutes * 60_000 }, { schedule, given });
    expect(skips(75)).toMatchObject({ changes: { skip: [NOON + 75 * 60_000] } });
    expect(skips(60)).toEqual({
      kind: 'rejected',
      reason: 'backup is not due at 2026-11-22T13:00:00.000Z; it is due at 2026-11-22T13:15:00.000Z',
    });
  });

  test('skips a given occurrence of a schedule that has no `latest`', () => {
    const schedule: Schedule = { spec: 'hourly', next: (after) => HOURLY.next(after) };
    const given = state({}, schedule);
    expect(apply({ ...command, dueAt: at14 }, { schedule, given })).toMatchObject({ changes: { skip: [at14] } });
  });

  test('skips a given occurrence, and the list stays sorted', () => {
    const given = state({ skip: [at14] });
    expect(apply({ ...command, dueAt: at13 }, { given })).toMatchObject({ changes: { skip: [at13, at14] } });
  });

  test.each([
    ['no occurrence', at13 + 1, 'backup is not due at 2026-11-22T13:00:00.001Z; it is due at 2026-11-22T14:00:00.000Z'],
    [
      'dealt with',
      NOON,
      '2026-11-22T12:00:00.000Z is past: what was due by 2026-11-22T12:00:00.000Z is dealt with; ' +
        'beat next shows what is to come',
    ],
    ['skipped already', at14, '2026-11-22T14:00:00.000Z is skipped already'],
  ])('is rejected for an instant that is %s', (_why, dueAt, reason) => {
    expect(apply({ ...command, dueAt }, { given: state({ skip: [at14] }) })).toEqual({ kind: 'rejected', reason });
  });

  test('is rejected when nothing is due any more', () => {
    const schedule: Schedule = { spec: 'never', next: () => null };
    expect(apply(command, { schedule })).toEqual({ kind: 'rejected', reason: 'entry "backup" is never due again' });
  });
});

describe('backfill', () => {
  const command = { ...SENT, do: 'backfill', entry: 'backup', from: NOON - 3 * HOUR, to: NOON } as const;

  test('publishes each occurrence from the first instant up to but not including the last', () => {
    expect(apply(command)).toMatchObject({
      kind: 'applied',
      changes: {},
      answer: 'published 3 runs of backup',
      runs: [NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - HOUR],
    });
  });

  test('computes an interval backwards from the last occurrence of the entry', () => {
    const schedule = timedelta({ minutes: 50 });
    const outcome = apply({ ...command, from: NOON - 2 * HOUR }, { schedule });
    expect(outcome).toMatchObject({ runs: [NOON - 100 * 60_000, NOON - 50 * 60_000] });
  });

  test.each([
    ['turned round', NOON, NOON - HOUR, /^from .* must be before to/],
    ['in the future', NOON, NOW + 1, /^to: .* is in the future/],
    ['empty', NOON + 1, NOON + 2, /^backup has no occurrence from/],
    ['of ten million runs', 0, NOW, /^more than 10,000 runs/],
  ])('is rejected when it is %s', (_why, from, to, reason) => {
    const outcome = apply({ ...command, from, to });
    expect(outcome).toEqual({ kind: 'rejected', reason: expect.stringMatching(reason) as string });
  });
});

test('backfill: runs whose messages have more than 100,000,000 bytes together are rejected with how many may be', () => {
  const entry = makeEntry({ name: 'backup', schedule: HOURLY, args: ['x'.repeat(99_991), 5n] });
  const command = (runs: number) => {
    const from = NOON - runs * HOUR;
    return { ...SENT, do: 'backfill', entry: 'backup', from, to: NOON } as const;
  };
  const target = { entry, state: state() };
  expect(applyCommand(target, command(999), NOW)).toMatchObject({ kind: 'applied' });
  expect(applyCommand(target, command(1_001), NOW)).toEqual({
    kind: 'rejected',
    reason: '1,001 runs with messages of about 100,004 bytes: choose a shorter time, of at most 999 runs',
  });
});
