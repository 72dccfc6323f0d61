import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Events } from '../../../src/contracts/events/events.ts';
import { createRetry, retryPause } from '../../../src/shell-worker/retry.ts';

const OPERATION = { kind: 'store-result' } as const;

function setUp() {
  const events = new Events();
  const reports: string[] = [];
  events.on('failure', ({ operation }) => reports.push(`failure ${operation.kind}`));
  events.on('recovered', ({ operation }) => reports.push(`recovered ${operation.kind}`));
  const pauses: number[] = [];
  const stop = new AbortController();
  const clock = { now: () => 0, monotonic: () => 0, sleep: async (ms: number) => void pauses.push(ms) };
  return { reports, pauses, stop, retry: createRetry(events, clock, stop.signal) };
}

/** Fails a number of times, and then returns how often it was called. */
function failing(times: number, onCall: (call: number) => void = () => {}) {
  let calls = 0;
  return {
    call: async () => {
      calls += 1;
      onCall(calls);
      if (calls <= times) throw new Error('unreachable');
      return calls;
    },
    calls: () => calls,
  };
}

describe('retry of a shell worker', () => {
  // The longest pauses: others are shorter by up to a half.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
  afterEach(() => void vi.restoreAllMocks());

  test('pauses grow from 200 ms to five seconds', () => {
    expect([1, 2, 3, 5, 6, 20].map((failures) => retryPause(failures))).toEqual([200, 400, 800, 3_200, 5_000, 5_000]);
  });

  test('a call is repeated until it succeeds, and its recovery is reported', async () => {
    const { retry, pauses, reports } = setUp();
    const { call } = failing(6);
    expect(await retry(OPERATION, call)).toBe(7);
    expect(pauses).toEqual([200, 400, 800, 1_600, 3_200, 5_000]);
    expect(reports).toEqual([...Array<string>(6).fill('failure store-result'), 'recovered store-result']);
  });

  test('a brief call is given up after five attempts', async () => {
    const { retry, pauses } = setUp();
    const last = failing(4);
    expect(await retry(OPERATION, last.call, { isBrief: true })).toBe(5);
    const never = failing(Infinity);
    expect(await retry(OPERATION, never.call, { isBrief: true })).toBeNull();
    expect(never.calls()).toBe(5);
    expect(pauses).toHaveLength(8);
  });

  test('once the worker stops, a call has five more attempts', async () => {
    const { retry, stop } = setUp();
    const { call, calls } = failing(Infinity, (n) => {
      if (n === 10) stop.abort();
    });
    expect(await retry(OPERATION, call)).toBeNull();
    expect(calls()).toBe(14);
  });
});
