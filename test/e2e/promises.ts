import { expect, it } from 'vitest';
import type { History } from '../support/history.ts';
import { ARGS, COUNTDOWN, KWARGS } from './workers.config.ts';

/** What holds wherever a worker takes its tasks from. */
export function itKeepsItsPromises(history: History): void {
  it('runs every run that was sent exactly once, under the task id that was logged', () => {
    const dealtWith = [...history.ran.map(({ id }) => id), ...history.expired];
    const sent = history.sent.map(({ taskId }) => taskId);
    expect(new Set(sent).size).toBe(sent.length);
    expect(dealtWith.toSorted()).toEqual(sent.toSorted());
    expect(new Set(history.ran.map(({ state }) => state))).toEqual(new Set(['SUCCESS']));
  });

  it('names the entry and its due time in the headers of every task that runs', () => {
    const sent = new Map(history.sent.map((line) => [line.taskId, line]));
    expect(history.ran.length).toBeGreaterThan(0);
    for (const { id, headers } of history.ran) {
      const { entry, dueAt } = sent.get(id) ?? {};
      expect(entry).toEqual(expect.any(String));
      expect(dueAt).toEqual(expect.any(String));
      expect(headers).toMatchObject({ periodic_task_name: entry, beat_due_at: dueAt });
    }
  });

  it('hands over positional and named arguments, nested ones and any text', () => {
    const runs = history.ranFor('full');
    expect(runs.length).toBeGreaterThan(3);
    for (const { args, kwargs } of runs)
      expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
    expect(history.ranFor('plain')).not.toEqual([]);
    for (const { args, kwargs } of history.ranFor('plain')) {
      expect({ args, kwargs }).toEqual({ args: [], kwargs: {} });
    }
  });

  it('has a run that expired before any worker came refused, and one that has time left run', () => {
    const stale = history.backlog.filter(({ entry }) => entry === 'stale');
    expect(stale.length).toBeGreaterThan(1);
    expect(history.expired).toEqual(expect.arrayContaining(stale.map(({ taskId }) => taskId)));
    expect(history.ranFor('fresh').length).toBe(history.sentFor('fresh').length);
    for (const { expires } of history.ranFor('fresh')) expect(expires).not.toBeNull();
  });

  it('keeps a run with a countdown back for that long after it was sent', () => {
    const ranAt = new Map(history.ranFor('later').map(({ id, at }) => [id, at]));
    expect(history.sentFor('later')).not.toEqual([]);
    for (const { taskId, dueAt, latenessMs } of history.sentFor('later')) {
      const sentAt = Date.parse(dueAt) + latenessMs;
      expect(ranAt.get(taskId)).toBeGreaterThanOrEqual(sentAt + COUNTDOWN);
    }
  });

  it('puts a run into the queue that its entry names', () => {
    const queuesOf = (entry: string) => new Set(history.ranFor(entry).map(({ queue }) => queue));
    expect(queuesOf('routed')).toEqual(new Set(['reports']));
    expect(queuesOf('plain')).toEqual(new Set(['celery']));
  });

  it('carries custom headers to the task', () => {
    const teams = (entry: string) =>
      new Set(history.ranFor(entry).map(({ headers }) => headers['x-team']));
    expect(teams('labelled')).toEqual(new Set(['blé']));
    expect(teams('plain')).toEqual(new Set([null]));
  });
}
