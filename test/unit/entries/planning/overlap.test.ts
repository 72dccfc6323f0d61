import { describe, expect, test } from 'vitest';
import type { OverlapPolicy } from '../../../../src/entries/catalog/entry.ts';
import { decide as decideInSteps } from '../../../../src/entries/planning/decide.ts';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { HOUR, makeEntry, makeState, MINUTE } from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

/** An entry that is due every minute, and its state after the run at minute 1. */
const RUNNING = [{ taskId: 'first', dueAt: MINUTE, sentAt: MINUTE }];
const STATE = makeState({ dueAt: MINUTE, sentAt: MINUTE, taskId: 'first', runCount: 1 });

function decide(
  overlap: OverlapPolicy,
  now: number,
  state: Partial<EntryState> = { running: RUNNING },
  parts: Parameters<typeof makeEntry>[0] = {},
) {
  const entry = makeEntry({ overlap, ...parts });
  const decision = runAtOnce(decideInSteps(entry, { ...STATE, ...state }, now));
  if ('waitUntil' in decision) return decision;
  const { runs, skipped, changes, cancel = [] } = decision;
  return { runs, skipped, changes, cancel };
}

describe('overlap', () => {
  test('overlap allow: a run is published beside a running one, and the state does not change', () => {
    expect(decide('allow', 2 * MINUTE)).toEqual({
      runs: [2 * MINUTE],
      skipped: [],
      changes: { dueAt: 2 * MINUTE },
      cancel: [],
    });
  });

  test.each(['skip', 'queue', 'cancel'] as const)('overlap %s: a run is published when none is running', (overlap) => {
    expect(decide(overlap, 2 * MINUTE, {})).toEqual({
      runs: [2 * MINUTE],
      skipped: [],
      changes: { dueAt: 2 * MINUTE, running: [] },
      cancel: [],
    });
  });

  test('overlap skip: an occurrence is skipped while a run is running', () => {
    expect(decide('skip', 2 * MINUTE)).toEqual({
      runs: [],
      skipped: [{ reason: 'overlap', first: 2 * MINUTE, last: 2 * MINUTE, count: 1 }],
      changes: { dueAt: 2 * MINUTE, running: RUNNING },
      cancel: [],
    });
  });

  test('overlap queue: an occurrence waits until the newest run has ended or is too old', () => {
    const later = { taskId: 'manual', dueAt: 90_000, sentAt: 90_000 };
    expect(decide('queue', 2 * MINUTE, { running: [...RUNNING, later] })).toEqual({ waitUntil: 90_000 + 24 * HOUR });
    expect(decide('queue', 2 * MINUTE, {}, { maxRuntime: HOUR })).toMatchObject({});
    expect(decide('queue', 2 * MINUTE, { running: RUNNING }, { maxRuntime: HOUR })).toEqual({
      waitUntil: MINUTE + HOUR,
    });
  });

  test('overlap cancel: a run is published, and the current runs are to be ended', () => {
    expect(decide('cancel', 2 * MINUTE)).toEqual({
      runs: [2 * MINUTE],
      skipped: [],
      changes: { dueAt: 2 * MINUTE, running: [] },
      cancel: RUNNING,
    });
  });

  test.each(['skip', 'queue', 'cancel'] as const)(
    'overlap %s: a run that is older than maxRuntime does not block',
    (overlap) => {
      const decision = decide(
        overlap,
        12 * MINUTE,
        { running: RUNNING, dueAt: 11 * MINUTE },
        { maxRuntime: 10 * MINUTE },
      );
      expect(decision).toMatchObject({ runs: [12 * MINUTE], skipped: [], cancel: [] });
    },
  );

  test('overlap skip: the newest of several missed runs is published, and the others are skipped', () => {
    expect(decide('skip', 4 * MINUTE, {}, { missed: 'all' })).toMatchObject({
      runs: [4 * MINUTE],
      skipped: [{ reason: 'overlap', first: 2 * MINUTE, last: 3 * MINUTE, count: 2 }],
      changes: { dueAt: 4 * MINUTE },
    });
  });

  test('overlap queue: missed runs are published one after the other, oldest first', () => {
    const skipped = { missed: 'all', startingDeadline: 150_000 } as const;
    const state = { skip: [4 * MINUTE] };
    expect(decide('queue', 5 * MINUTE, state, skipped)).toMatchObject({
      runs: [3 * MINUTE],
      skipped: [{ reason: 'deadline', first: 2 * MINUTE, last: 2 * MINUTE }],
      // What a command asked to skip is still ahead.
      changes: { dueAt: 3 * MINUTE, skip: [4 * MINUTE] },
    });
  });

  test('overlap queue: with missed once, the newest waiting occurrence replaces the others', () => {
    expect(decide('queue', 4 * MINUTE, {})).toMatchObject({
      runs: [4 * MINUTE],
      skipped: [{ reason: 'coalesced', first: 2 * MINUTE, last: 3 * MINUTE, count: 2 }],
    });
  });

  test.each(['skip', 'queue', 'cancel'] as const)(
    'overlap %s: an occurrence past its deadline is skipped for that reason, and affects no running run',
    (overlap) => {
      expect(decide(overlap, 2 * MINUTE + 2, { running: RUNNING }, { startingDeadline: 1 })).toEqual({
        runs: [],
        skipped: [{ reason: 'deadline', first: 2 * MINUTE, last: 2 * MINUTE, count: 1 }],
        changes: { dueAt: 2 * MINUTE },
        cancel: [],
      });
    },
  );

  test('overlap queue: an occurrence that a command asked to skip is skipped together with the only run before it', () => {
    expect(decide('queue', 3 * MINUTE, { skip: [3 * MINUTE] }, { missed: 'all' })).toMatchObject({
      runs: [2 * MINUTE],
      skipped: [{ reason: 'skipped', first: 3 * MINUTE, last: 3 * MINUTE }],
      changes: { dueAt: 3 * MINUTE, skip: undefined },
    });
  });
});
