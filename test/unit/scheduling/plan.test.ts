import { advance, newState } from '../../../src/store/entry-state.ts';
import { describe, expect, test } from 'vitest';
import { cursor, nextDueAt, reconcile } from '../../../src/scheduling/plan.ts';
import { decide } from '../../../src/catalog/catch-up.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import {
  intervalSchedule,
  DAY,
  makeEntry,
  MINUTE,
  makeState,
  SECOND,
} from '../../support/entry.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

describe('what is due', () => {
  test('a run in time is sent, and nothing is skipped', () => {
    const decision = decide(makeEntry(), NOON, NOON + 3);
    expect(decision).toEqual({ send: [NOON], skip: [], dueAt: NOON });
  });

  test('the next occurrence follows from the record, not from now', () => {
    const entry = makeEntry({ schedule: intervalSchedule(10 * SECOND) });
    expect(nextDueAt(entry, makeState({ anchor: NOON }))).toBe(NOON + 10 * SECOND);
    expect(nextDueAt(entry, makeState({ anchor: NOON, dueAt: NOON + 50 * SECOND }))).toBe(
      NOON + 60 * SECOND,
    );
  });

  test('an anchor that is newer than the last run wins: the schedule was edited since', () => {
    expect(cursor(makeState({ anchor: NOON, dueAt: NOON - DAY }))).toBe(NOON);
  });

  test.each([0, -1, NaN])('a schedule whose next is later by %d is told of, not walked', (step) => {
    const broken = { spec: 'mine', next: (after: Date) => new Date(after.getTime() + step) };
    const entry = makeEntry({ schedule: broken });
    expect(() => decide(entry, NOON, NOON + DAY)).toThrow('schedule "mine"');
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow('is not later');
  });

  test('a schedule that answers a promise is told of, and that it fails later ends nothing', () => {
    const reject = (async () => Promise.reject(new Error('no db'))) as never;
    const entry = makeEntry({ schedule: { spec: 'mine', next: reject } });
    const refused = 'schedule "mine": expected a Date or null, got a promise';
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow(refused);
    const next = (after: Date) => new Date(after.getTime() + 1);
    const late = makeEntry({ schedule: { spec: 'mine', next, latest: reject } });
    expect(() => decide(late, NOON, NOON + DAY)).toThrow(refused);
  });

  test('a schedule that has no next occurrence is never due', () => {
    const once: Schedule = { spec: 'at noon', next: (at) => (+at < NOON ? new Date(NOON) : null) };
    const entry = makeEntry({ schedule: once });
    expect(nextDueAt(entry, makeState({ dueAt: NOON }))).toBe(Infinity);
    expect(decide(entry, NOON, NOON + DAY).send).toEqual([NOON]);
  });
});

describe('the beginning of a term', () => {
  test('an entry seen for the first time counts from now and owes nothing', () => {
    expect(reconcile(makeEntry(), undefined, NOON)).toEqual({
      state: newState('aligned 60000', NOON),
      change: 'added',
    });
  });

  test('an entry that stands as it was goes on where it was', () => {
    const state = makeState({ dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({ state, change: null });
  });

  test('an edited schedule counts from now and keeps its run count', () => {
    const state = makeState({ spec: 'aligned 1', dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({
      state: advance(state, { spec: 'aligned 60000', anchor: NOON }),
      change: 'edited',
    });
  });

  test('an entry that was disabled for a month owes nothing for it', () => {
    const state = makeState({ dueAt: NOON - 30 * DAY });
    const paused = reconcile(makeEntry({ enabled: false }), state, NOON - 29 * DAY);
    expect(paused?.change).toBe('disabled');
    const resumed = reconcile(makeEntry(), paused?.state, NOON);
    expect(resumed?.change).toBe('enabled');
    expect(nextDueAt(makeEntry(), resumed!.state)).toBe(NOON + MINUTE);
  });

  test('an entry that left the config is marked, so that it owes nothing if it comes back', () => {
    expect(reconcile(undefined, makeState(), NOON)).toEqual({
      state: advance(makeState(), { spec: null }),
      change: 'removed',
    });
    expect(reconcile(undefined, makeState({ spec: null }), NOON)?.change).toBeNull();
  });

  test('a disabled entry that was never seen leaves no trace', () => {
    expect(reconcile(makeEntry({ enabled: false }), undefined, NOON)).toBeNull();
  });
});
