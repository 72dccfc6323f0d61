import { expect, test } from 'vitest';
import { cron } from '../../../src/schedule/cron/cron.ts';
import { latestFrom, stretch } from '../../../src/schedule/range.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { timedelta } from '../../../src/schedule/timedelta.ts';
import { runAtOnce } from '../../../src/util/steps.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;

/** Counts the calls of `next`. */
function counting(schedule: Schedule) {
  const calls = { next: 0 };
  const next = (after: Date) => {
    calls.next += 1;
    return schedule.next(after);
  };
  return { calls, next, spec: schedule.spec };
}

test('a stretch counts the occurrences of an interval without visiting them', () => {
  const schedule = timedelta({ minutes: 1 });
  const { calls, next } = counting(schedule);
  const counted: Schedule = {
    spec: '',
    every: schedule.every!,
    latest: schedule.latest!.bind(schedule),
    next,
  };
  const end = NOON + 10_000 * MINUTE;
  expect(runAtOnce(stretch(counted, NOON, end), () => true)).toMatchObject({ count: 10_000 });
  expect(runAtOnce(stretch(counted, NOON, end + 1))).toMatchObject({ count: null });
  expect(calls.next).toBe(2);
});

test('a stretch stops counting when the time is used up, but for a few occurrences', () => {
  const schedule = cron('* * * * *');
  const count = (minutes: number, isOver: () => boolean) =>
    runAtOnce(stretch(schedule, NOON, NOON + minutes * MINUTE), isOver).count;
  expect(count(16, () => true)).toBe(16);
  expect(count(17, () => true)).toBeNull();
  expect(count(10_000, () => false)).toBe(10_000);
  expect(count(10_001, () => false)).toBeNull();
  let asked = 0;
  expect(count(1_000, () => ++asked === 10)).toBeNull();
  expect(asked).toBe(10);
});

test('the newest occurrence of a schedule that cannot skip ahead is found in few steps after a long time', () => {
  const { calls, ...schedule } = counting(cron('* * * * * *'));
  const until = NOON + 365 * 24 * 60 * MINUTE + 500;
  expect(latestFrom(schedule, NOON, until)).toBe(until - 500);
  expect(calls.next).toBeLessThan(10_200);
});
