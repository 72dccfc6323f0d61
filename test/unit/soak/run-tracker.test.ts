import { expect, test } from 'vitest';
import { RunTracker } from '../../../soak/run-tracker.ts';
import { cron } from '../../../src/schedule/cron/cron.ts';

const SECOND = 1_000;

/** A tracker of the entry `e`, which is due each second; other entries are only checked for doubles. */
const makeTracker = () => new RunTracker(new Map([['e', cron('* * * * * *', { timezone: 'UTC' })]]));
const run = (seconds: number, id = `id ${seconds}`, entry = 'e') => ({ id, entry, dueAt: seconds * SECOND });

function receive(...runs: ReturnType<typeof run>[]): RunTracker {
  const tracker = makeTracker();
  for (const each of runs) tracker.receive(each);
  return tracker;
}

test('soak: runs of every occurrence in order are neither lost nor doubled', () => {
  const tracker = receive(run(5), run(6), run(7));
  expect([tracker.lost, tracker.doubled, tracker.runs]).toEqual([[], [], 3]);
});

test('soak: occurrences between two runs are lost', () => {
  expect(receive(run(5), run(8)).lost).toEqual(['e 1970-01-01T00:00:06.000Z', 'e 1970-01-01T00:00:07.000Z']);
});

test('soak: an occurrence that arrives after a later one is not lost', () => {
  const tracker = receive(run(5), run(7), run(6));
  expect([tracker.lost, tracker.doubled]).toEqual([[], []]);
});

test('soak: a second run of an occurrence is doubled, also with another task id', () => {
  expect(receive(run(5), run(5, 'other')).doubled).toEqual(['e 1970-01-01T00:00:05.000Z']);
});

test('soak: of other entries, only a second run with one task id is doubled', () => {
  const tracker = receive(run(5, 'a', 'other'), run(9, 'b', 'other'), run(9, 'c', 'other'), run(9, 'c', 'other'));
  expect([tracker.lost, tracker.doubled]).toEqual([[], ['other 1970-01-01T00:00:09.000Z']]);
});

test('soak: an entry is behind until the last occurrence before the end has arrived', () => {
  const tracker = receive(run(5));
  expect(tracker.findBehind(0, 6 * SECOND)).toEqual(['e']);
  tracker.receive(run(6));
  expect(tracker.findBehind(0, 6 * SECOND)).toEqual([]);
});

test('soak: an entry without a run is behind if it was due', () => {
  expect(makeTracker().findBehind(0, SECOND)).toEqual(['e']);
  expect(makeTracker().findBehind(0, SECOND - 1)).toEqual([]);
});
