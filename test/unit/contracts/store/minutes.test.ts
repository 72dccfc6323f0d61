import { expect, test } from 'vitest';
import { countMinutes, placeOfMinute, slotsOf, toMinutes } from '../../../../src/contracts/store/minutes.ts';
import type { HistoryRow, OutcomeRow, SkipRow } from '../../../../src/contracts/store/history.ts';

const NOW = Date.parse('2027-03-01T12:00:30Z');
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const NONE = { published: 0, skipped: 0, succeeded: 0, failed: 0 };

const at = (time: string) => Date.parse(`2027-03-01T${time}Z`);

function run(dueAt: number): HistoryRow {
  return {
    kind: 'run',
    dueAt,
    sentAt: dueAt,
    cause: 'schedule',
    taskId: 'a',
    task: 't',
    queue: 'celery',
    term: 1,
    leader: 'gen1@a',
    number: 1,
  };
}

function skip(first: number, last: number, more: Partial<SkipRow> = {}): SkipRow {
  const count = first === last ? 1 : null;
  return { kind: 'skip', first, last, count, reason: 'missed', at: NOW, term: 1, ...more };
}

function outcome(state: string, dueAt: number): OutcomeRow {
  return { kind: 'outcome', taskId: 'a', dueAt, state, doneAt: NOW, runtimeMs: null, worker: null, error: null };
}

test('counts of minutes: rows belong to the minute in which their occurrence was due, oldest first', () => {
  const rows = [run(at('12:00:59.999')), run(at('12:00')), run(at('11:59:59'))];
  expect(countMinutes(rows, NOW)).toEqual([
    { ...NONE, at: at('11:59'), published: 1 },
    { ...NONE, at: at('12:00'), published: 2 },
  ]);
});

test('counts of minutes: every outcome except SUCCESS counts as failed', () => {
  const states = ['SUCCESS', 'SUCCESS', 'FAILURE', 'REVOKED'];
  const rows = states.map((state) => outcome(state, at('12:00')));
  expect(countMinutes(rows, NOW)).toEqual([{ ...NONE, at: at('12:00'), succeeded: 2, failed: 2 }]);
});

test('counts of minutes: a withdrawn run is skipped, and no longer published', () => {
  const withdrawn = skip(at('12:00'), at('12:00'), { taskId: 'a' });
  expect(countMinutes([run(at('12:00')), withdrawn], NOW)).toEqual([{ ...NONE, at: at('12:00'), skipped: 1 }]);
});

test('counts of minutes: a skipped stretch is spread evenly over its minutes', () => {
  const found = countMinutes([skip(at('11:00:10'), at('11:20:10'), { count: 5 })], NOW);
  expect(found.map(({ at: minute, skipped }) => [minute, skipped])).toEqual([
    [at('11:00'), 1],
    [at('11:05'), 1],
    [at('11:10'), 1],
    [at('11:15'), 1],
    [at('11:20'), 1],
  ]);
  const dense = countMinutes([skip(at('11:00'), at('11:01:59'), { count: 120 })], NOW);
  expect(dense.map(({ skipped }) => skipped)).toEqual([60, 60]);
});

test('counts of minutes: a stretch without a number counts once per minute of the last day', () => {
  const found = countMinutes([skip(NOW - 30 * DAY, NOW)], NOW);
  expect(found.length).toBeGreaterThanOrEqual(1_440);
  expect(found.length).toBeLessThanOrEqual(1_441);
  expect(found.every(({ skipped }) => skipped === 1)).toBe(true);
  expect(found.at(-1)!.at).toBe(at('12:00'));
});

test('counts of minutes: occurrences more than a day from now are left out', () => {
  expect(countMinutes([run(NOW - DAY), run(NOW + DAY), skip(0, 1_000)], NOW)).toEqual([]);
});

test('counts of minutes: a slot is used again after two days', () => {
  const first = placeOfMinute(NOW);
  expect(placeOfMinute(NOW + 2 * DAY)).toEqual({ number: first.number + 2_880, slot: first.slot });
  expect(placeOfMinute(NOW + 2 * DAY - MINUTE).slot).not.toBe(first.slot);
});

test('counts of minutes: a range has the slots of its minutes, and each slot once', () => {
  expect(slotsOf(MINUTE, 4 * MINUTE)).toEqual([1, 2, 3]);
  expect(slotsOf(MINUTE + 1, 4 * MINUTE - 1)).toEqual([2, 3]);
  expect(slotsOf(MINUTE, MINUTE)).toEqual([]);
  expect(slotsOf(2 * MINUTE, MINUTE)).toEqual([]);
  expect(new Set(slotsOf(0, NOW)).size).toBe(2_880);
  expect(slotsOf(0, NOW)).toHaveLength(2_880);
});

test('counts of minutes: counts that are read are in order, in the range, and never below zero', () => {
  const stored = [3, 1, 2, 9].map((number) => ({ ...NONE, number, published: number - 2 }));
  expect(toMinutes(stored, MINUTE, 9 * MINUTE)).toEqual([
    { ...NONE, at: MINUTE },
    { ...NONE, at: 2 * MINUTE },
    { ...NONE, at: 3 * MINUTE, published: 1 },
  ]);
});
