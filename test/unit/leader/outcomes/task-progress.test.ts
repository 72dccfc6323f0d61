import { expect, test } from 'vitest';
import type { Ended, TaskEvent } from '../../../../src/celery/message/task-outcome.ts';
import { addDetails, advance, toOutcome, type TaskProgress } from '../../../../src/leader/outcomes/followed-runs.ts';

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

test('task progress: of several attempts the last one counts', () => {
  const events = [started(1), started(10, 'two'), ended(12, { state: 'FAILURE', worker: 'two' })];
  expect(outcome(...events)).toMatchObject({ runtimeMs: 2_000, worker: 'two' });
});

test('task progress: a task that began again has not ended', () => {
  expect(after(started(1), ended(2), started(3)).end).toBeNull();
});

test('task progress: what the result backend has wins', () => {
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
