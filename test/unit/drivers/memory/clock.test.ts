import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/testing.ts';
import { settle } from '../../../support/settle.ts';

const START = '2027-03-01T12:00:00Z';
const NEVER = new AbortController().signal;

/** Whether a sleep has ended. */
function sleeping(clock: ManualClock, ms: number, signal = NEVER) {
  const state = { awake: false };
  void clock.sleep(ms, signal).then(() => (state.awake = true));
  return state;
}

describe('a manual clock', () => {
  test('advances its wall clock and its monotonic clock together', () => {
    const clock = new ManualClock(START);
    const before = clock.monotonic();
    expect(clock.now()).toBe(Date.parse(START));
    clock.advance(1_500);
    expect(clock.now()).toBe(Date.parse(START) + 1_500);
    expect(clock.monotonic() - before).toBe(1_500);
  });

  test('does not change its monotonic clock or end a sleep when the wall clock is set', async () => {
    const clock = new ManualClock(START);
    const sleeper = sleeping(clock, 1_000);
    const before = clock.monotonic();
    clock.set('2028-01-01T00:00:00Z');
    await settle();
    expect(clock.now()).toBe(Date.parse('2028-01-01T00:00:00Z'));
    expect(clock.monotonic()).toBe(before);
    expect(sleeper.awake).toBe(false);
  });

  test('ends each sleep at its time', async () => {
    const clock = new ManualClock(START);
    const [short, long] = [sleeping(clock, 1_000), sleeping(clock, 2_000)];
    clock.advance(999);
    await settle();
    expect([short.awake, long.awake]).toEqual([false, false]);
    clock.advance(1);
    await settle();
    expect([short.awake, long.awake]).toEqual([true, false]);
    const later = sleeping(clock, 1_000);
    clock.advance(1_000);
    await settle();
    expect([long.awake, later.awake]).toEqual([true, true]);
  });

  test.each([0, -1])('does not sleep for %d ms', async (ms) => {
    const sleeper = sleeping(new ManualClock(START), ms);
    await settle();
    expect(sleeper.awake).toBe(true);
  });

  test('ends a sleep whose signal aborts, before or during the sleep', async () => {
    const clock = new ManualClock(START);
    const stop = new AbortController();
    const sleeper = sleeping(clock, 1_000, stop.signal);
    await settle();
    expect(sleeper.awake).toBe(false);
    stop.abort();
    const late = sleeping(clock, 1_000, stop.signal);
    await settle();
    expect([sleeper.awake, late.awake]).toEqual([true, true]);
  });

  test('leaves no listener on a signal after a sleep', async () => {
    const clock = new ManualClock(START);
    const { signal } = new AbortController();
    const sleeper = sleeping(clock, 10, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    clock.advance(10);
    await settle();
    expect(sleeper.awake).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.each(['soon', '', '2027-13-01'])('rejects "%s", which is not an instant', (start) => {
    expect(() => new ManualClock(start)).toThrow(`"${start}" is not an instant; write 2027-01-31T08:00:00Z`);
  });
});
