import { advance, newState } from '../../../../src/contracts/store/entry-state.ts';
import { describe, expect, test } from 'vitest';
import { cursor, nextDueAt } from '../../../../src/entries/planning/next-due.ts';
import { reconcile } from '../../../../src/entries/planning/adopt.ts';
import { catchUp as catchUpInSteps } from '../../../../src/entries/planning/catch-up.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { intervalSchedule, DAY, makeEntry, MINUTE, makeState, SECOND } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const catchUp = (...args: Parameters<typeof catchUpInSteps>) => runAtOnce(catchUpInSteps(...args));

const NOON = Date.parse('2027-03-01T12:00:00Z');

describe('plan of due entries:', () => {
  test('a run on time is published, and none is skipped', () => {
    const decision = catchUp(makeEntry(), NOON, NOON + 3);
    expect(decision).toEqual({ runs: [NOON], skipped: [], changes: { dueAt: NOON } });
  });

  test('the next occurrence is computed from the state, not from now', () => {
    const entry = makeEntry({ schedule: intervalSchedule(10 * SECOND) });
    expect(nextDueAt(entry, makeState({ anchor: NOON }))).toBe(NOON + 10 * SECOND);
    expect(nextDueAt(entry, makeState({ anchor: NOON, dueAt: NOON + 50 * SECOND }))).toBe(NOON + 60 * SECOND);
  });

  test('an anchor that is newer than the last run has precedence, because the schedule was edited', () => {
    expect(cursor(makeState({ anchor: NOON, dueAt: NOON - DAY }))).toBe(NOON);
  });

  test.each([0, -1, NaN])('a schedule whose next is later by %d is reported and not enumerated', (step) => {
    const broken = { spec: 'mine', next: (after: Date) => new Date(after.getTime() + step) };
    const entry = makeEntry({ schedule: broken });
    expect(() => catchUp(entry, NOON, NOON + DAY)).toThrow('schedule "mine"');
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow('is not later');
  });

  test('a schedule that returns a promise is reported, and its rejection does not end the process', () => {
    const reject = (async () => Promise.reject(new Error('no db'))) as never;
    const entry = makeEntry({ schedule: { spec: 'mine', next: reject } });
    const refused = 'schedule "mine": expected a Date or null, got a promise';
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow(refused);
    const next = (after: Date) => new Date(after.getTime() + 1);
    const late = makeEntry({ schedule: { spec: 'mine', next, latest: reject } });
    expect(() => catchUp(late, NOON, NOON + DAY)).toThrow(refused);
  });

  test('a schedule that has no next occurrence is never due', () => {
    const once: Schedule = { spec: 'at noon', next: (at) => (+at < NOON ? new Date(NOON) : null) };
    const entry = makeEntry({ schedule: once });
    expect(nextDueAt(entry, makeState({ dueAt: NOON }))).toBe(Infinity);
    expect(catchUp(entry, NOON, NOON + DAY).runs).toEqual([NOON]);
  });
});

describe('plan at the beginning of a term:', () => {
  test('a new entry starts from now and catches up on nothing', () => {
    expect(reconcile(makeEntry(), undefined, NOON)).toEqual({
      state: newState('aligned 60000', NOON),
      change: 'added',
    });
  });

  test('a new entry that another scheduler ran before starts from its last run there', () => {
    const entry = makeEntry({ lastRunAt: NOON - 90 * SECOND });
    const { state } = reconcile(entry, undefined, NOON)!;
    expect(state.anchor).toBe(NOON - 90 * SECOND);
    expect(catchUp(entry, nextDueAt(entry, state), NOON)).toMatchObject({ runs: [NOON] });
    const ahead = makeEntry({ lastRunAt: NOON + DAY });
    expect(reconcile(ahead, undefined, NOON)!.state.anchor).toBe(NOON);
  });

  test('the last run under another scheduler has no effect on an entry with state', () => {
    const entry = makeEntry({ lastRunAt: NOON - DAY });
    const state = makeState({ anchor: NOON });
    expect(reconcile(entry, state, NOON + MINUTE)).toEqual({ state, change: null });
    const disabled = advance(state, { spec: null });
    expect(reconcile(entry, disabled, NOON + MINUTE)!.state.anchor).toBe(NOON + MINUTE);
  });

  test('an unchanged entry continues from its state', () => {
    const state = makeState({ dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({ state, change: null });
  });

  test('an edited schedule starts from now with its run count', () => {
    const state = makeState({ spec: 'aligned 1', dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({
      state: advance(state, { spec: 'aligned 60000', anchor: NOON }),
      change: 'edited',
    });
  });

  test('an entry that was disabled for a month does not catch up', () => {
    const state = makeState({ dueAt: NOON - 30 * DAY });
    const paused = reconcile(makeEntry({ enabled: false }), state, NOON - 29 * DAY);
    expect(paused?.change).toBe('disabled');
    const resumed = reconcile(makeEntry(), paused?.state, NOON);
    expect(resumed?.change).toBe('enabled');
    expect(nextDueAt(makeEntry(), resumed!.state)).toBe(NOON + MINUTE);
  });

  test('a removed entry is marked, so that it does not catch up if it is added again', () => {
    expect(reconcile(undefined, makeState(), NOON)).toEqual({
      state: advance(makeState(), { spec: null }),
      change: 'removed',
    });
    expect(reconcile(undefined, makeState({ spec: null }), NOON)?.change).toBeNull();
  });

  test('a new disabled entry writes no state', () => {
    expect(reconcile(makeEntry({ enabled: false }), undefined, NOON)).toBeNull();
  });
});
