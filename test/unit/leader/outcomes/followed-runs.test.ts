import { expect, test } from 'vitest';
import { FollowedRuns, nextReadAt } from '../../../../src/leader/outcomes/followed-runs.ts';

const run = (taskId: string, sentAt = 0) => ({ entry: 'report', task: 'tasks.report', taskId, dueAt: sentAt, sentAt });

test('followed runs: the time between reads grows to a quarter of the age of a run, and to 30 seconds', () => {
  expect(nextReadAt(0, 0)).toBe(250);
  expect(nextReadAt(0, 10)).toBe(500);
  expect(nextReadAt(0, 4_000)).toBe(5_000);
  expect(nextReadAt(0, 40_000)).toBe(50_000);
  expect(nextReadAt(0, 3_600_000)).toBe(3_630_000);
});

test('followed runs: those that are due are taken once, and not more than a read asks for', () => {
  const runs = new FollowedRuns();
  for (const id of ['a', 'b', 'c']) runs.add(run(id), 0, { until: 1_000 });
  expect(runs.wakeAt).toBe(250);
  expect(runs.take(249, 10)).toEqual([]);
  expect(runs.take(250, 2)).toHaveLength(2);
  expect(runs.take(250, 2)).toHaveLength(1);
  expect(runs.wakeAt).toBe(Infinity);
});

test('followed runs: one that is read earlier keeps one place', () => {
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
