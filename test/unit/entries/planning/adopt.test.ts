import { advance, newState } from '../../../../src/contracts/store/entry-state.ts';
import { describe, expect, test } from 'vitest';
import { nextDueAt } from '../../../../src/entries/planning/next-due.ts';
import { planAdoption, reconcile, type KnownEntry } from '../../../../src/entries/planning/adopt.ts';
import { catchUp } from '../../../../src/entries/planning/catch-up.ts';
import { alignedSchedule, DAY, HOUR, makeEntry, MINUTE, makeState, SECOND } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

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
    expect(runAtOnce(catchUp(entry, nextDueAt(entry, state), NOON))).toMatchObject({ runs: [NOON] });
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

  test('an edited schedule ends requests to skip occurrences of the schedule before', () => {
    const state = { ...newState('an older spec', NOON - MINUTE), skip: [NOON + MINUTE] };
    expect(reconcile(makeEntry(), state, NOON)!.state.skip).toBeUndefined();
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

describe('adoption of entries:', () => {
  test('one entry is compared in each step', () => {
    const known = ['a', 'b', 'c'].map((name) => ({ name, entry: makeEntry({ name }), state: makeState() }));
    const steps = planAdoption(known, NOON);
    expect([1, 2, 3, 4].map(() => steps.next(false).done)).toEqual([false, false, false, true]);
  });

  test('each change increments the revision of the state by one, also when only the index is outdated', () => {
    const state = makeState({ anchor: NOON });
    const stored = { name: 'cleanup', entry: makeEntry({ stored: true }), state };
    const plan = (each: KnownEntry) => runAtOnce(planAdoption([each], NOON)).changed.map(({ change }) => change);
    expect(plan({ ...stored, indexedAt: NOON + MINUTE })).toEqual([]);
    expect(plan({ ...stored, indexedAt: NOON })).toMatchObject([
      { after: advance(state, {}), stored: { dueAt: NOON + MINUTE } },
    ]);
    const edited = makeEntry({ stored: true, schedule: alignedSchedule(HOUR) });
    expect(plan({ ...stored, entry: edited, indexedAt: NOON + MINUTE })).toMatchObject([
      { after: { rev: state.rev + 1, spec: edited.schedule.spec }, stored: { dueAt: NOON + HOUR } },
    ]);
  });
});
