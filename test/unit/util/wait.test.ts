import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/util/clock.ts';
import { sleepUntil, waitAtMost } from '../../../src/util/wait.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { settle } from '../../support/settle.ts';

describe('sleepUntil', () => {
  const START = '2027-03-01T12:00:00Z';
  const until = (clock: Clock, wakeAt: string) => {
    const done = { woke: false };
    const { signal } = new AbortController();
    void sleepUntil(clock, () => Date.parse(wakeAt), signal).then(() => (done.woke = true));
    return done;
  };
  const pass = async (clock: ManualClock, seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_000);
      await settle();
    }
  };

  test('ends within a second after the wall clock was set forward or the host was suspended', async () => {
    const clock = new ManualClock(START);
    const sleeping = until(clock, '2027-03-01T18:00:00Z');
    await pass(clock, 5);
    clock.set('2027-03-01T18:00:00Z');
    expect(sleeping.woke).toBe(false);
    await pass(clock, 1);
    expect(sleeping.woke).toBe(true);
  });

  test('continues after the wall clock was set back', async () => {
    const clock = new ManualClock(START);
    const sleeping = until(clock, '2027-03-01T12:00:10Z');
    await pass(clock, 5);
    clock.set('2027-03-01T11:59:00Z');
    await pass(clock, 69);
    expect(sleeping.woke).toBe(false);
    await pass(clock, 1);
    expect(sleeping.woke).toBe(true);
  });

  test('ends within a second after the instant was moved to the present', async () => {
    const clock = new ManualClock(START);
    let wakeAt = Infinity;
    let woke = false;
    void sleepUntil(clock, () => wakeAt, new AbortController().signal).then(() => (woke = true));
    await pass(clock, 5);
    wakeAt = clock.now();
    expect(woke).toBe(false);
    await pass(clock, 1);
    expect(woke).toBe(true);
  });

  test('does not end early if timers fire early', async () => {
    const clock = new ManualClock(START);
    let sleeps = 0;
    const early: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => (sleeps++, clock.sleep(Math.max(1, ms * 0.99), signal)),
    };
    const sleeping = until(early, '2027-03-01T12:00:02Z');
    for (let ms = 0; ms < 1_999; ms++) {
      clock.advance(1);
      await Promise.resolve();
    }
    await settle();
    expect(sleeping.woke).toBe(false);
    clock.advance(1);
    await settle();
    expect(sleeping.woke).toBe(true);
    expect(sleeps).toBeLessThan(10);
  });
});

test('sleepUntil reads the clock once a second and at its end, and reports each step', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const { signal } = new AbortController();
  const looks: number[] = [];
  const start = clock.now();
  const sleeping = sleepUntil(
    clock,
    () => start + 2_500,
    signal,
    () => looks.push(clock.now() - start),
  );
  for (let i = 0; i < 5; i++) {
    clock.advance(500);
    await settle();
  }
  await sleeping;
  expect(looks).toEqual([0, 1_000, 2_000, 2_500]);
});

test('waitAtMost ends with the work, after the time, or with the signal, and then aborts both waits', async () => {
  const start = (stop = new AbortController()) => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const work = Promise.withResolvers<null>();
    let inner: AbortSignal | undefined;
    let ended = false;
    const wait = async (signal: AbortSignal) => {
      inner = signal;
      signal.addEventListener('abort', () => work.resolve(null));
      await work.promise;
    };
    void waitAtMost(clock, 100, stop.signal, wait).then(() => (ended = true));
    const state = async () => {
      await settle();
      return { ended, aborted: inner?.aborted };
    };
    return { clock, work, stop, state };
  };
  const worked = start();
  worked.work.resolve(null);
  expect(await worked.state()).toEqual({ ended: true, aborted: true });
  const late = start();
  late.clock.advance(99);
  expect(await late.state()).toEqual({ ended: false, aborted: false });
  late.clock.advance(1);
  expect(await late.state()).toEqual({ ended: true, aborted: true });
  const stopped = start();
  stopped.stop.abort();
  expect(await stopped.state()).toEqual({ ended: true, aborted: true });
});
