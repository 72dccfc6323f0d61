import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { FollowedRuns } from '../../../../src/leader/outcomes/followed-runs.ts';
import { WatchedRuns } from '../../../../src/leader/outcomes/watched-runs.ts';
import { Condition } from '../../../../src/util/condition.ts';
import { HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';

const entry = makeEntry({ name: 'report', task: 'tasks.report', overlap: 'skip', maxRuntime: HOUR });

function setUp() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const runs = new FollowedRuns();
  const earlier = new Condition();
  const counts = { changes: 0, wakes: 0 };
  earlier.notifyAll = () => void (counts.wakes += 1);
  const watched = new WatchedRuns(runs, clock, earlier);
  watched.onChange(() => (counts.changes += 1));
  const start = clock.now();
  const run = (taskId: string) => ({ taskId, dueAt: start - MINUTE, sentAt: start });
  const ended = () => [...watched.takeEnded()].map(([name, ids]) => `${name}: ${[...ids].join(' ')}`);
  return { clock, runs, counts, watched, run, start, ended };
}

describe('watched runs', () => {
  test('watched runs: are followed for the longest runtime of their entry, and read soon', () => {
    const { watched, runs, run, start, counts } = setUp();
    watched.watch(entry, [run('a')]);
    const { run: followed, ...rest } = runs.find('a')!;
    expect(followed).toEqual({ entry: 'report', task: 'tasks.report', ...run('a') });
    expect(rest).toMatchObject({ until: start + HOUR, isWatched: true, hasResult: true });
    expect(counts.wakes).toBe(1);
  });

  test('watched runs: one that is followed already keeps its place and is watched from then on', () => {
    const { watched, runs, run, start } = setUp();
    const followed = runs.add({ entry: 'report', task: 't', ...run('a') }, start, { until: start });
    watched.watch(entry, [run('a')]);
    expect(runs.find('a')).toBe(followed);
    expect(followed).toMatchObject({ isWatched: true, until: start + HOUR });
  });

  test('watched runs: an end is handed over once, by entry, and the listener is called', () => {
    const { watched, runs, run, counts, ended } = setUp();
    const other = makeEntry({ name: 'other', overlap: 'skip' });
    watched.watch(entry, [run('a'), run('b')]);
    watched.watch(other, [run('c')]);
    for (const id of ['a', 'b', 'c', 'a']) watched.end(runs.find(id)!);
    expect(counts.changes).toBe(3);
    expect(ended()).toEqual(['report: a b', 'other: c']);
    expect(ended()).toEqual([]);
  });

  test('watched runs: one that no entry waits for has no end', () => {
    const { watched, runs, run, start, counts, ended } = setUp();
    watched.end(runs.add({ entry: 'report', task: 't', ...run('a') }, start, { until: start + HOUR }));
    expect([counts.changes, ended()]).toEqual([0, []]);
  });

  test('watched runs: one that has ended is not followed again, and its end is handed over at each check', () => {
    const { watched, runs, run, start, ended } = setUp();
    watched.watch(entry, [run('a')]);
    watched.end(runs.find('a')!);
    runs.remove('a');
    ended();
    watched.watch(entry, [run('a')]);
    expect(runs.find('a')).toBeUndefined();
    expect(watched.check(entry, [run('a')], start)).toBe(true);
    expect(ended()).toEqual(['report: a']);
  });

  test('watched runs: a check has a run read at once, unless it was read since', () => {
    const { watched, runs, run, clock, counts } = setUp();
    watched.watch(entry, [run('a')]);
    const followed = runs.find('a')!;
    clock.advance(MINUTE);
    const since = clock.now();
    counts.wakes = 0;
    expect(watched.check(entry, [run('a')], since)).toBe(false);
    expect([followed.readAt, counts.wakes]).toEqual([since, 1]);
    expect(runs.take(since, 1)).toEqual([followed]);
    // It is being read.
    expect(watched.check(entry, [run('a')], since)).toBe(false);
    expect(followed.readAt).toBe(Infinity);
    followed.checkedAt = since;
    counts.wakes = 0;
    expect(watched.check(entry, [run('a')], since)).toBe(true);
    expect(counts.wakes).toBe(0);
    expect(watched.check(entry, [run('a')], since + 1)).toBe(false);
  });

  test('watched runs: a check does not wait for a backend whose last read failed', () => {
    const { watched, runs, run, clock } = setUp();
    watched.watch(entry, [run('a')]);
    runs.retryAt = clock.now() + SECOND;
    expect(watched.check(entry, [run('a')], clock.now())).toBe(true);
    clock.advance(SECOND);
    expect(watched.check(entry, [run('a')], clock.now())).toBe(false);
  });

  test('watched runs: one that an occurrence waits for is read every two seconds', () => {
    const { watched, runs, run, clock, start, counts } = setUp();
    watched.watch(entry, [run('a')]);
    const followed = runs.find('a')!;
    clock.advance(MINUTE);
    runs.schedule(followed, start + 2 * MINUTE);
    counts.wakes = 0;
    watched.expedite([run('a'), run('unknown')]);
    expect(followed).toMatchObject({ isAwaited: true, readAt: clock.now() + 2 * SECOND });
    expect(counts.wakes).toBe(1);
    runs.schedule(followed, start + 3 * MINUTE);
    watched.expedite([run('a')]);
    expect(followed.readAt).toBe(start + 3 * MINUTE);
  });

  test('watched runs: one that is being read is not scheduled for another read', () => {
    const { watched, runs, run, clock } = setUp();
    watched.watch(entry, [run('a')]);
    clock.advance(MINUTE);
    const [followed] = runs.take(clock.now(), 1);
    watched.expedite([run('a')]);
    expect(followed).toMatchObject({ isAwaited: true, readAt: Infinity });
  });

  test('watched runs: the listener is called after a read of a watched run', () => {
    const { watched, runs, run, start, counts } = setUp();
    const other = runs.add({ entry: 'x', task: 't', ...run('x') }, start, { until: start });
    watched.notify([other]);
    expect(counts.changes).toBe(0);
    watched.watch(entry, [run('a')]);
    watched.notify([other, runs.find('a')!]);
    expect(counts.changes).toBe(1);
  });

  test('watched runs: a new term knows none of them', () => {
    const { watched, runs, run, ended } = setUp();
    watched.watch(entry, [run('a'), run('b')]);
    watched.end(runs.find('a')!);
    watched.reset();
    expect([runs.size, ended()]).toEqual([0, []]);
    watched.watch(entry, [run('a')]);
    expect(runs.find('a')).toBeDefined();
  });

  test('watched runs: the newest 10,000 ends are remembered', () => {
    const { watched, runs, run } = setUp();
    const ids = Array.from({ length: 10_001 }, (_, i) => `${i}`);
    for (const id of ids) {
      watched.watch(entry, [run(id)]);
      watched.end(runs.find(id)!);
      runs.remove(id);
    }
    watched.watch(entry, [run('0'), run('1')]);
    expect([runs.find('0') !== undefined, runs.find('1')]).toEqual([true, undefined]);
  });
});
