import { describe, expect, test } from 'vitest';
import { decide as decideInSteps, type Decision } from '../../../../src/entries/planning/decide.ts';
import { alignedSchedule, HOUR, makeEntry, makeState } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

function decide(...args: Parameters<typeof decideInSteps>) {
  const { runs, skipped, changes } = runAtOnce(decideInSteps(...args)) as Decision;
  return { runs, skipped, changes };
}

const NOON = Date.UTC(2026, 10, 22, 12);
const at = (hours: number) => NOON + hours * HOUR;

const hourly = makeEntry({ schedule: alignedSchedule(HOUR) });
const all = { ...hourly, missed: 'all' as const };
/** The run of noon was sent. */
const state = makeState({ spec: hourly.schedule.spec, dueAt: NOON });

describe('an entry without pause and skipped occurrences', () => {
  test('follows its catch-up policy', () => {
    expect(decide(hourly, state, at(1))).toEqual({ runs: [at(1)], skipped: [], changes: { dueAt: at(1) } });
  });
});

describe('an occurrence that a command asked to skip', () => {
  test('is skipped when it is due, and leaves the list', () => {
    expect(decide(hourly, { ...state, skip: [at(1), at(3)] }, at(1))).toEqual({
      runs: [],
      skipped: [{ reason: 'skipped', first: at(1), last: at(1), count: 1 }],
      changes: { dueAt: at(1), skip: [at(3)] },
    });
  });

  test('is skipped after a down-time, in which the others are caught up', () => {
    expect(decide(all, { ...state, skip: [at(2)] }, at(3))).toEqual({
      runs: [at(1), at(3)],
      skipped: [{ reason: 'skipped', first: at(2), last: at(2), count: 1 }],
      changes: { dueAt: at(3), skip: undefined },
    });
  });

  test('that is the newest does not prevent the run of the older ones', () => {
    const planned = decide(hourly, { ...state, skip: [at(3)] }, at(3));
    expect(planned.runs).toEqual([at(2)]);
    expect(planned.changes).toEqual({ dueAt: at(3), skip: undefined });
    expect(planned.skipped.map(({ reason }) => reason).sort()).toEqual(['coalesced', 'skipped']);
  });

  test('that is done already is removed from the list', () => {
    expect(decide(hourly, { ...state, skip: [at(-1)] }, at(1))).toEqual({
      runs: [at(1)],
      skipped: [],
      changes: { dueAt: at(1) },
    });
  });
});

describe('a pause that has ended', () => {
  const pause = { since: NOON, until: at(3), reason: null, by: 'alice' };

  test('skips its occurrences as one, and the entry goes on', () => {
    expect(decide(hourly, { ...state, pause }, at(3))).toEqual({
      runs: [at(3)],
      skipped: [{ reason: 'paused', first: at(1), last: at(2), count: 2 }],
      changes: { pause: undefined, dueAt: at(3) },
    });
  });

  test('publishes nothing when nothing is due at its end', () => {
    const ended = { ...pause, until: at(3) - 1 };
    expect(decide(hourly, { ...state, pause: ended }, at(3) - 1)).toEqual({
      runs: [],
      skipped: [{ reason: 'paused', first: at(1), last: at(2), count: 2 }],
      changes: { pause: undefined, dueAt: at(2) },
    });
  });

  test('without an occurrence only ends', () => {
    const short = { ...pause, until: NOON + 1 };
    expect(decide(hourly, { ...state, pause: short }, NOON + 1)).toEqual({
      runs: [],
      skipped: [],
      changes: { pause: undefined },
    });
  });

  test('does not hide occurrences that were missed after it', () => {
    const planned = decide(all, { ...state, pause }, at(5));
    expect(planned.runs).toEqual([at(3), at(4), at(5)]);
    expect(planned.skipped).toMatchObject([{ reason: 'paused', last: at(2) }]);
  });
});
