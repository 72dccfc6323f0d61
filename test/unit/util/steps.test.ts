import { expect, test } from 'vitest';
import type { Clock } from '../../../src/util/clock.ts';
import { runInSlices } from '../../../src/util/run-in-slices.ts';
import { runAtOnce, type Steps } from '../../../src/util/steps.ts';

/** Counts to a number; each step takes 10 ms by the clock. */
function* count(to: number, time: { now: number }): Steps<number> {
  let counted = 0;
  while (counted < to) {
    time.now += 10;
    counted += 1;
    yield;
  }
  return counted;
}

test('steps: runAtOnce returns the result', () => {
  expect(runAtOnce(count(5, { now: 0 }))).toBe(5);
});

test('steps: pause after 20 ms', async () => {
  const time = { now: 0 };
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => time.now,
    monotonic: () => time.now,
    sleep: async () => void pauses.push(time.now),
  };
  expect(await runInSlices(count(5, time), clock)).toBe(5);
  expect(pauses).toEqual([20, 40]);
});

/** Counts until its time is used up. */
function* countOn(time: { now: number }): Steps<number> {
  let counted = 0;
  do {
    time.now += 10;
    counted += 1;
  } while (!(yield));
  return counted;
}

test('steps: are notified when their time, without pauses, is used up', async () => {
  const time = { now: 0 };
  const clock: Clock = { now: () => time.now, monotonic: () => time.now, sleep: async () => void (time.now += 1_000) };
  expect(await runInSlices(countOn(time), clock, 50)).toBe(5);
  expect(await runInSlices(countOn(time), clock, 0)).toBe(1);
  let asked = 0;
  expect(runAtOnce(countOn(time), () => ++asked === 7)).toBe(7);
});

test('steps: an error reaches the caller', async () => {
  const fail = function* (): Steps<never> {
    yield;
    throw new Error('broken');
  };
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
  await expect(runInSlices(fail(), clock)).rejects.toThrow('broken');
  expect(() => runAtOnce(fail())).toThrow('broken');
});
