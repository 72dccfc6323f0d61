import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { measureSkew } from '../../../../src/drivers/connection/clock-skew.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

/** A server whose clock reads so much less than ours, and whose answers take so long, one after the other. */
function server(clock: ManualClock, behind: number, roundTrips: readonly number[]) {
  const asked = { times: 0 };
  const read = async () => {
    const roundTrip = roundTrips[asked.times++ % roundTrips.length]!;
    clock.advance(roundTrip / 2);
    const theirs = clock.now() - behind;
    clock.advance(roundTrip / 2);
    return theirs;
  };
  return { asked, read };
}

test.each([0, 5_000, -5_000])('the skew of a server that is %d ms behind is measured', async (ms) => {
  const clock = new ManualClock(new Date(NOON));
  const { read } = server(clock, ms, [10]);
  expect(await measureSkew(clock, read)).toEqual({ ms, within: 5 });
});

test('clock skew: the fastest of three measurements counts', async () => {
  for (const roundTrips of [
    [400, 20, 300],
    [20, 400, 300],
    [300, 400, 20],
  ]) {
    const clock = new ManualClock(new Date(NOON));
    const { asked, read } = server(clock, 70, roundTrips);
    expect(await measureSkew(clock, read)).toEqual({ ms: 70, within: 10 });
    expect(asked.times).toBe(3);
  }
});

test('clock skew: the error because of a slow answer is within the reported accuracy', async () => {
  const clock = new ManualClock(new Date(NOON));
  const read = async () => {
    const theirs = clock.now();
    clock.advance(80);
    return theirs;
  };
  expect(await measureSkew(clock, read)).toEqual({ ms: 40, within: 40 });
});

test('clock skew: setting the wall clock during a measurement does not change the accuracy', async () => {
  const clock = new ManualClock(new Date(NOON));
  const read = async () => {
    clock.advance(10);
    clock.set(new Date(NOON + 3_600_000));
    return NOON;
  };
  expect((await measureSkew(clock, read)).within).toBe(5);
});

test('clock skew: the error of an unreachable server is passed on', async () => {
  const clock = new ManualClock(new Date(NOON));
  const read = async () => Promise.reject(new Error('Redis is away'));
  await expect(measureSkew(clock, read)).rejects.toThrow('Redis is away');
});
