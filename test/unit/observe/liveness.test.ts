import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { Liveness } from '../../../src/observe/liveness.ts';

test('liveness: a loop without progress for 60 seconds is stuck until it makes progress', () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const liveness = new Liveness(clock);
  clock.advance(59_999);
  expect([liveness.idleMs, liveness.alive]).toEqual([59_999, true]);
  clock.advance(1);
  expect([liveness.idleMs, liveness.alive]).toEqual([60_000, false]);
  liveness.touch();
  expect([liveness.idleMs, liveness.alive]).toEqual([0, true]);
});
