import { expect, test } from 'vitest';
import type { History } from '../support/history.ts';
import { ARGS, COUNTDOWN, KWARGS } from './workers.config.ts';

/** Tests that hold for every broker. */
export function itKeepsItsPromises(history: History): void {
  test('workers run every sent run exactly once, under the logged task id', () => {
    const dealtWith = [...history.ran.map(({ id }) => id), ...history.expired];
    const sent = history.sent.map(({ taskId }) => taskId);
    expect(new Set(sent).size).toBe(sent.length);
    expect(dealtWith.toSorted()).toEqual(sent.toSorted());
    expect(new Set(history.ran.map(({ state }) => state))).toEqual(new Set(['SUCCESS']));
  });

  test('every task has the entry and its due time in its headers', () => {
    const sent = new Map(history.sent.map((line) => [line.taskId, line]));
    expect(history.ran.length).toBeGreaterThan(0);
    for (const { id, headers } of history.ran) {
      const { entry, dueAt } = sent.get(id) ?? {};
      expect(entry).toEqual(expect.any(String));
      expect(dueAt).toEqual(expect.any(String));
      expect(headers).toMatchObject({ periodic_task_name: entry, beat_due_at: dueAt });
    }
  });

  test('positional, named and nested arguments and any text arrive unchanged', () => {
    const runs = history.ranFor('full');
    expect(runs.length).toBeGreaterThan(3);
    for (const { args, kwargs } of runs) expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
    expect(history.ranFor('plain')).not.toEqual([]);
    for (const { args, kwargs } of history.ranFor('plain')) {
      expect({ args, kwargs }).toEqual({ args: [], kwargs: {} });
    }
  });

  test('an expired run is revoked, and one that has not expired runs', () => {
    const stale = history.backlog.filter(({ entry }) => entry === 'stale');
    expect(stale.length).toBeGreaterThan(1);
    expect(history.expired).toEqual(expect.arrayContaining(stale.map(({ taskId }) => taskId)));
    expect(history.ranFor('fresh').length).toBe(history.sentFor('fresh').length);
    for (const { expires } of history.ranFor('fresh')) expect(expires).not.toBeNull();
  });

  test('a run with a countdown starts that long after it was sent', () => {
    const ranAt = new Map(history.ranFor('later').map(({ id, at }) => [id, at]));
    expect(history.sentFor('later')).not.toEqual([]);
    for (const { taskId, dueAt, latenessMs } of history.sentFor('later')) {
      const sentAt = Date.parse(dueAt) + latenessMs;
      expect(ranAt.get(taskId)).toBeGreaterThanOrEqual(sentAt + COUNTDOWN);
    }
  });

  test('a run is in the queue that its entry names', () => {
    const queuesOf = (entry: string) => new Set(history.ranFor(entry).map(({ queue }) => queue));
    expect(queuesOf('routed')).toEqual(new Set(['reports']));
    expect(queuesOf('plain')).toEqual(new Set(['celery']));
  });

  test('custom headers arrive at the task', () => {
    const teams = (entry: string) => new Set(history.ranFor(entry).map(({ headers }) => headers['x-team']));
    expect(teams('labelled')).toEqual(new Set(['blé']));
    expect(teams('plain')).toEqual(new Set([null]));
  });
}
