import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { EndedRuns } from '../../../src/worker/ended-runs.ts';

const HOUR = 3_600_000;

test('ended runs: a run is found once', () => {
  const runs = new EndedRuns(new ManualClock('2027-03-01T12:00:00Z'));
  runs.add('a');
  expect([runs.delete('a'), runs.delete('a'), runs.delete('b')]).toEqual([true, false, false]);
});

test('ended runs: a run is forgotten after an hour, because a later one may have its id', () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const runs = new EndedRuns(clock);
  runs.add('a');
  clock.advance(HOUR / 2);
  runs.add('b');
  runs.add('c');
  clock.advance(HOUR / 2);
  runs.add('c');
  expect([runs.delete('a'), runs.delete('b')]).toEqual([false, true]);
  clock.advance(HOUR - 1);
  expect(runs.delete('c')).toBe(true);
});
