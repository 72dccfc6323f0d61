import { expect, test } from 'vitest';
import type { Ended, TaskEvent } from '../../../../src/celery/message/task-outcome.ts';
import {
  addDetails,
  advance,
  FollowedRuns,
  isBefore,
  nextReadAt,
  readAfterEnd,
  toOutcome,
  type TaskProgress,
} from '../../../../src/leader/outcomes/followed-runs.ts';

const run = (taskId: string, sentAt = 0) => ({ entry: 'report', task: 'tasks.report', taskId, dueAt: sentAt, sentAt });

test('followed runs: the time between reads grows to a quarter of the age of a run, and to 30 seconds', () => {
  expect(nextReadAt(0, 0)).toBe(250);
  expect(nextReadAt(0, 10)).toBe(500);
  expect(nextReadAt(0, 4_000)).toBe(5_000);
  expect(nextReadAt(0, 40_000)).toBe(50_000);
  expect(nextReadAt(0, 3_600_000)).toBe(3_630_000);
});

test('followed runs: one that an occurrence waits for is read at least every two seconds', () => {
  expect(nextReadAt(0, 0, true)).toBe(250);
  expect(nextReadAt(0, 4_000, true)).toBe(5_000);
  expect(nextReadAt(0, 3_600_000, true)).toBe(3_602_000);
});

test('followed runs: after the event of its end one is read at the next tenth of a second', () => {
  expect([0, 1, 100, 101].map(readAfterEnd)).toEqual([0, 100, 100, 200]);
});

test('followed runs: an outcome five minutes before its run is one of an earlier run', () => {
  expect(isBefore(run('a', 1_000_000), 700_000)).toBe(false);
  expect(isBefore(run('a', 1_000_000), 699_999)).toBe(true);
});

test('followed runs: one without a result is not read until its end', () => {
  const runs = new FollowedRuns();
  runs.add(run('a'), 0, { until: 1_000, hasResult: false });
  expect(runs.wakeAt).toBe(1_000);
});

test('followed runs: after all are removed none is read, and new ones are', () => {
  const runs = new FollowedRuns();
  runs.add(run('a'), 0, { until: 1_000 });
  runs.clear();
  expect([runs.size, runs.wakeAt]).toEqual([0, Infinity]);
  const b = runs.add(run('b', 5_000), 5_000, { until: 9_000 });
  expect([...runs]).toEqual([b]);
  expect(runs.take(9_000, 10)).toEqual([b]);
});

test('followed runs: due runs are taken once, and at most as many as a read asks for', () => {
  const runs = new FollowedRuns();
  for (const id of ['a', 'b', 'c']) runs.add(run(id), 0, { until: 1_000 });
  expect(runs.wakeAt).toBe(250);
  expect(runs.take(249, 10)).toEqual([]);
  expect(runs.take(250, 2)).toHaveLength(2);
  expect(runs.take(250, 2)).toHaveLength(1);
  expect(runs.wakeAt).toBe(Infinity);
});

test('followed runs: a run that is read earlier keeps its single place', () => {
  const runs = new FollowedRuns();
  const place = runs.add(run('a'), 0, { until: 1_000 });
  runs.schedule(place, 100);
  expect(runs.take(1_000, 10)).toEqual([place]);
  expect(runs.take(1_000, 10)).toEqual([]);
});

test('followed runs: a run that is removed, or followed again, is read once', () => {
  const runs = new FollowedRuns();
  runs.add(run('a'), 0, { until: 1_000 });
  runs.remove('a');
  expect(runs.wakeAt).toBe(Infinity);
  const again = runs.add(run('a'), 0, { until: 1_000 });
  expect(runs.take(250, 10)).toEqual([again]);
});

test('followed runs: beyond 100,000 the oldest that no entry waits for is left out', () => {
  const runs = new FollowedRuns();
  runs.add(run('watched'), 0, { until: 1_000, isWatched: true });
  for (let i = 0; i <= 100_000; i++) runs.add(run(`run ${i}`), 0, { until: 1_000 });
  expect(runs.size).toBe(100_000);
  expect(runs.find('watched')).toBeDefined();
  expect(runs.find('run 1')).toBeUndefined();
  expect(runs.find('run 100000')).toBeDefined();
});

const at = (second: number) => second * 1_000;
const started = (second: number, worker = 'one'): TaskEvent => ({
  kind: 'started',
  taskId: 'id',
  at: at(second),
  worker,
});
const ended = (second: number, parts: Partial<Ended> = {}): TaskEvent => ({
  kind: 'ended',
  taskId: 'id',
  at: at(second),
  worker: 'one',
  state: 'SUCCESS',
  runtimeMs: null,
  error: null,
  ...parts,
});
const after = (...events: readonly TaskEvent[]) => events.reduce<TaskProgress | null>(advance, null)!;
const outcome = (...events: readonly TaskEvent[]) => {
  const progress = after(...events);
  return progress.end && toOutcome(progress.end, progress);
};

test('task progress: a success has the runtime of its event', () => {
  expect(outcome(started(1), ended(3, { runtimeMs: 1_900 }))).toEqual({
    ...{ taskId: 'id', state: 'SUCCESS', doneAt: at(3), runtimeMs: 1_900, worker: 'one', error: null },
  });
});

test('task progress: Celery sends no runtime of a failure; it is the time since the task began', () => {
  const failed = ended(4, { state: 'FAILURE', error: 'E: no' });
  expect(outcome(started(1), failed)).toMatchObject({ runtimeMs: 3_000, error: 'E: no' });
  expect(outcome(failed)).toMatchObject({ runtimeMs: null });
});

test('task progress: the last of several attempts counts', () => {
  const events = [started(1), started(10, 'two'), ended(12, { state: 'FAILURE', worker: 'two' })];
  expect(outcome(...events)).toMatchObject({ runtimeMs: 2_000, worker: 'two' });
});

test('task progress: a task that began again has not ended', () => {
  expect(after(started(1), ended(2), started(3)).end).toBeNull();
});

test('task progress: the result backend takes precedence', () => {
  const read = { taskId: 'id', state: 'SUCCESS', doneAt: at(9), error: null };
  const progress = after(started(1), ended(3, { runtimeMs: 1_900 }));
  expect(addDetails({ ...read, runtimeMs: 7, worker: 'other' }, progress)).toEqual({
    ...read,
    runtimeMs: 7,
    worker: 'other',
  });
  const bare = { ...read, runtimeMs: null, worker: null };
  expect(addDetails(bare, progress)).toEqual({ ...read, runtimeMs: 1_900, worker: 'one' });
  expect(addDetails(bare, after(started(1)))).toEqual({ ...read, runtimeMs: 8_000, worker: 'one' });
  expect(addDetails({ ...bare, doneAt: null }, after(started(1)))).toMatchObject({ runtimeMs: null });
  // The clocks of two hosts differ.
  expect(addDetails({ ...bare, doneAt: 0 }, after(started(1)))).toMatchObject({ runtimeMs: 0 });
  expect(addDetails(bare, null)).toEqual(bare);
});
