import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { Stop, withGracePeriod } from '../../../src/util/grace-period.ts';
import { settle } from '../../support/settle.ts';

const rig = () => ({
  clock: new ManualClock('2027-03-01T12:00:00Z'),
  stop: new AbortController(),
  work: Promise.withResolvers<string>(),
});

/** The result of a promise, or that it is pending. */
function watch(promise: Promise<string>) {
  const seen = { end: 'pending' };
  promise.then(
    (value) => (seen.end = value),
    (error: unknown) => (seen.end = (error as Error).message),
  );
  return seen;
}

const GAVE_UP = 'stopped before the answer arrived; the next term publishes what is pending';

describe('withGracePeriod: work', () => {
  test('settles with its own result without a stop', async () => {
    const { clock, stop } = rig();
    expect(await withGracePeriod(clock, stop.signal, Promise.resolve('done'))).toBe('done');
    const failed = Promise.reject(new Error('refused'));
    await expect(withGracePeriod(clock, stop.signal, failed)).rejects.toThrow('refused');
  });

  test('may take any time without a stop', async () => {
    const { clock, stop, work } = rig();
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    await settle();
    clock.advance(3_600_000);
    await settle();
    expect(seen.end).toBe('pending');
    work.resolve('at last');
    await settle();
    expect(seen.end).toBe('at last');
  });

  test.each(['before it', 'during it'])('is given a second after a stop %s, and then left alone', async (when) => {
    const { clock, stop, work } = rig();
    if (when === 'before it') stop.abort();
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    await settle();
    if (when === 'during it') {
      clock.advance(5_000);
      stop.abort();
    }
    await settle();
    clock.advance(999);
    await settle();
    expect(seen.end).toBe('pending');
    clock.advance(1);
    await settle();
    expect(seen.end).toBe(GAVE_UP);
  });

  test('shares the grace period after a stop: later work has only the rest of it', async () => {
    const { clock, stop, work } = rig();
    clock.advance(5_000);
    stop.abort(new Stop(clock.monotonic()));
    clock.advance(600);
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    const longer = watch(withGracePeriod(clock, stop.signal, work.promise, 1_300));
    await settle();
    clock.advance(399);
    await settle();
    expect(seen.end).toBe('pending');
    clock.advance(1);
    await settle();
    expect([seen.end, longer.end]).toEqual([GAVE_UP, 'pending']);
    clock.advance(300);
    await settle();
    expect(longer.end).toBe(GAVE_UP);
  });

  test('that is already done settles with its own result, even after the grace period', async () => {
    const { clock, stop } = rig();
    stop.abort(new Stop(clock.monotonic()));
    clock.advance(60_000);
    expect(await withGracePeriod(clock, stop.signal, Promise.resolve('done'))).toBe('done');
  });

  test('that ends within the grace period settles with its own result', async () => {
    const { clock, stop, work } = rig();
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    stop.abort();
    await settle();
    clock.advance(900);
    work.resolve('just in time');
    await settle();
    expect(seen.end).toBe('just in time');
  });

  test('sets no timer once the grace period is over', async () => {
    const { clock, stop, work } = rig();
    stop.abort(new Stop(clock.monotonic()));
    clock.advance(1_000);
    const sleep = vi.spyOn(clock, 'sleep');
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    await settle();
    expect(seen.end).toBe(GAVE_UP);
    expect(sleep).not.toHaveBeenCalled();
  });

  test('that fails after the grace period does not end the process', async () => {
    const { clock, stop, work } = rig();
    stop.abort();
    const seen = watch(withGracePeriod(clock, stop.signal, work.promise));
    await settle();
    clock.advance(1_000);
    await settle();
    expect(seen.end).toBe(GAVE_UP);
    // A rejection without a handler would fail this run of vitest.
    work.reject(new Error('too late'));
    await settle();
  });

  test('leaves no listener on the signal', async () => {
    const { clock, stop } = rig();
    for (let i = 0; i < 3; i++) await withGracePeriod(clock, stop.signal, Promise.resolve('done'));
    await settle();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('without a signal has no grace period', async () => {
    const { clock } = rig();
    expect(await withGracePeriod(clock, undefined, Promise.resolve('done'))).toBe('done');
  });
});
