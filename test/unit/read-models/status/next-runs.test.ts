import { expect, test } from 'vitest';
import { solar } from '../../../../src/schedule/solar.ts';
import { nextRuns } from '../../../../src/read-models/status/entry-status.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';
import { alignedSchedule, HOUR, makeEntry } from '../../../support/entry.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const hourly = makeEntry({ name: 'backup', schedule: alignedSchedule(HOUR) });

test('the next runs of an entry can be interrupted before each search', () => {
  let yields = 0;
  const steps = nextRuns(hourly, undefined, NOON, 100);
  for (let step = steps.next(false); !step.done; step = steps.next(false)) yields += 1;
  expect(yields).toBe(99);
});

test('the next runs are fewer than asked for, and marked as partial, once their time is used up', () => {
  const entry = makeEntry({ name: 'polar', schedule: solar('sunrise', 89.9, 0) });
  let asked = 0;
  const found = runAtOnce(nextRuns(entry, undefined, NOON, 1_000), () => ++asked === 3);
  expect(found).toMatchObject({ isPartial: true });
  expect(found.instants.map((at) => new Date(at).getUTCFullYear())).toEqual([2027, 2028, 2029]);
});

test('the next runs are not partial if there are as many as asked for, or no others', () => {
  const all = runAtOnce(nextRuns(hourly, undefined, NOON, 2), () => true);
  expect(all).toEqual({ instants: [NOON + HOUR], isPartial: true });
  const one = runAtOnce(nextRuns(hourly, undefined, NOON, 1), () => true);
  expect(one).toEqual({ instants: [NOON + HOUR], isPartial: false });
  const disabled = { ...hourly, enabled: false };
  expect(runAtOnce(nextRuns(disabled, undefined, NOON, 2))).toEqual({ instants: [], isPartial: false });
});
