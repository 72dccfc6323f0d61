import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catchUp as catchUpInSteps, selectSkipped, type Skip } from '../../../../src/entries/planning/catch-up.ts';
import { cursor, nextDueAt } from '../../../../src/entries/planning/next-due.ts';
import type { SkipReason } from '../../../../src/celery/message/skip-reasons.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import {
  alignedSchedule,
  intervalSchedule,
  DAY,
  makeEntry,
  makeState,
  HOUR,
  MINUTE,
  SECOND,
} from '../../../support/entry.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const catchUp = (...args: Parameters<typeof catchUpInSteps>) => runAtOnce(catchUpInSteps(...args));

const NOON = Date.parse('2027-03-01T12:00:00Z');

describe('plan of due entries:', () => {
  test('a run on time is published, and no run is skipped', () => {
    const decision = catchUp(makeEntry(), NOON, NOON + 3);
    expect(decision).toEqual({ runs: [NOON], skipped: [], changes: { dueAt: NOON } });
  });

  test('the next occurrence is computed from the state, not from now', () => {
    const entry = makeEntry({ schedule: intervalSchedule(10 * SECOND) });
    expect(nextDueAt(entry, makeState({ anchor: NOON }))).toBe(NOON + 10 * SECOND);
    expect(nextDueAt(entry, makeState({ anchor: NOON, dueAt: NOON + 50 * SECOND }))).toBe(NOON + 60 * SECOND);
  });

  test('an anchor that is newer than the last run has precedence, because the schedule was edited', () => {
    expect(cursor(makeState({ anchor: NOON, dueAt: NOON - DAY }))).toBe(NOON);
  });

  test.each([0, -1, NaN])('a schedule whose next() is later by %d ms is reported and not enumerated', (step) => {
    const broken = { spec: 'mine', next: (after: Date) => new Date(after.getTime() + step) };
    const entry = makeEntry({ schedule: broken });
    expect(() => catchUp(entry, NOON, NOON + DAY)).toThrow('schedule "mine"');
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow('is not later');
  });

  test('a schedule that returns a promise is reported, and its rejection does not end the process', () => {
    const reject = (async () => Promise.reject(new Error('no db'))) as never;
    const entry = makeEntry({ schedule: { spec: 'mine', next: reject } });
    const refused = 'schedule "mine": expected a Date or null, got a promise';
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow(refused);
    const next = (after: Date) => new Date(after.getTime() + 1);
    const late = makeEntry({ schedule: { spec: 'mine', next, latest: reject } });
    expect(() => catchUp(late, NOON, NOON + DAY)).toThrow(refused);
  });

  test('a schedule that has no next occurrence is never due', () => {
    const once: Schedule = { spec: 'at noon', next: (at) => (+at < NOON ? new Date(NOON) : null) };
    const entry = makeEntry({ schedule: once });
    expect(nextDueAt(entry, makeState({ dueAt: NOON }))).toBe(Infinity);
    expect(catchUp(entry, NOON, NOON + DAY).runs).toEqual([NOON]);
  });
});

describe('missed runs', () => {
  const late = NOON + 3 * MINUTE + 20 * SECOND;

  test('missed: once publishes the newest of four missed runs and coalesces the others', () => {
    expect(catchUp(makeEntry(), NOON, late)).toEqual({
      runs: [NOON + 3 * MINUTE],
      skipped: [{ reason: 'coalesced', first: NOON, last: NOON + 2 * MINUTE, count: 3 }],
      changes: { dueAt: NOON + 3 * MINUTE },
    });
  });

  test('missed: skip publishes a run that is up to a minute late, and skips one that is later', () => {
    const hourly = makeEntry({ schedule: alignedSchedule(HOUR), missed: 'skip' });
    expect(catchUp(hourly, NOON, NOON + MINUTE).runs).toEqual([NOON]);
    expect(catchUp(hourly, NOON, NOON + MINUTE + 1)).toEqual({
      runs: [],
      skipped: [{ reason: 'missed', first: NOON, last: NOON, count: 1 }],
      changes: { dueAt: NOON },
    });
  });

  test('missed: all publishes every missed run, oldest first', () => {
    const decision = catchUp(makeEntry({ missed: 'all' }), NOON, late);
    expect(decision.runs).toEqual([0, 1, 2, 3].map((n) => NOON + n * MINUTE));
    expect(decision.skipped).toEqual([]);
  });

  test('missed: once applies the starting deadline to the newest missed run', () => {
    const uneven: Schedule = {
      spec: 'at :00 and :45',
      next: (after) => {
        const hour = Math.floor(+after / HOUR) * HOUR;
        const candidates = [hour, hour + 45 * MINUTE, hour + HOUR];
        return new Date(candidates.find((at) => at > +after) ?? hour + HOUR + 45 * MINUTE);
      },
    };
    const entry = makeEntry({ schedule: uneven, startingDeadline: 30 * MINUTE });
    const decision = catchUp(entry, NOON - 15 * MINUTE, NOON + 20 * MINUTE);
    expect(decision.runs).toEqual([NOON]);
  });

  test('a run beyond its starting deadline is skipped', () => {
    const entry = makeEntry({ schedule: alignedSchedule(HOUR), startingDeadline: 5 * MINUTE });
    expect(catchUp(entry, NOON, NOON + 6 * MINUTE)).toEqual({
      runs: [],
      skipped: [{ reason: 'deadline', first: NOON, last: NOON, count: 1 }],
      changes: { dueAt: NOON },
    });
  });

  test('missed: all publishes only the runs within the starting deadline', () => {
    const entry = makeEntry({ missed: 'all', startingDeadline: 90 * SECOND });
    const decision = catchUp(entry, NOON, late);
    expect(decision.runs).toEqual([NOON + 2 * MINUTE, NOON + 3 * MINUTE]);
    expect(decision.skipped).toEqual([{ reason: 'deadline', first: NOON, last: NOON + MINUTE, count: 2 }]);
  });

  test('missed: all publishes the newest thousand of a year of missed seconds without visiting each second', () => {
    const entry = makeEntry({ schedule: alignedSchedule(SECOND), missed: 'all', maxCatchUp: 1_000 });
    const decision = catchUp(entry, NOON, NOON + 365 * DAY);
    expect(decision.runs).toHaveLength(1_000);
    expect(decision.runs.at(-1)).toBe(NOON + 365 * DAY);
    expect(decision.skipped).toEqual([
      { reason: 'catch-up-limit', first: NOON, last: NOON + 365 * DAY - 1_000 * SECOND, count: null },
    ]);
  });

  test('missed: all finds the newest runs of a schedule that is due in one hour of the year', () => {
    const schedule = cron('* * 0 1 1 *');
    const [first, newYear] = [Date.parse('2027-01-01T00:00Z'), Date.parse('2028-01-01T00:00Z')];
    const entry = makeEntry({ schedule, missed: 'all', maxCatchUp: 100 });
    const { runs, skipped } = catchUp(entry, first, newYear + 9 * SECOND);
    const lastHour = Array.from({ length: 90 }, (_, i) => first + HOUR - (90 - i) * SECOND);
    const thisHour = Array.from({ length: 10 }, (_, i) => newYear + i * SECOND);
    expect(runs).toEqual([...lastHour, ...thisHour]);
    expect(skipped).toMatchObject([{ first, last: first + HOUR - 91 * SECOND }]);
  });

  test('each missed occurrence is either published or skipped, once, and the relay decides the same', () => {
    const schedules = fc.oneof(
      fc.integer({ min: 1, max: 5_000 }).map((s) => alignedSchedule(s * SECOND)),
      fc.integer({ min: 1, max: 5_000 }).map((s) => intervalSchedule(s * SECOND)),
    );
    const entries = fc.record({
      schedule: schedules,
      missed: fc.constantFrom('once' as const, 'skip' as const, 'all' as const),
      maxCatchUp: fc.integer({ min: 1, max: 2_000 }),
      startingDeadline: fc.option(fc.integer({ min: 0, max: 20_000 }).map((s) => s * SECOND)),
    });
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: 8_000_000 }), (parts, down) => {
        const entry = makeEntry(parts);
        const first = entry.schedule.next(new Date(NOON))!.getTime();
        const now = first + down;
        const { runs, skipped, changes } = catchUp(entry, first, now);

        const dealtWith = [...runs];
        for (const { first: from, last, count } of skipped) {
          const stretch = [];
          for (let at = from; at <= last; at = +entry.schedule.next(new Date(at))!) stretch.push(at);
          expect(count).toBe(stretch.length);
          dealtWith.push(...stretch);
        }
        const all = [];
        for (let at = first; at <= now; at = +entry.schedule.next(new Date(at))!) all.push(at);
        expect(dealtWith.sort((a, b) => a - b)).toEqual(all);
        expect(runs).toEqual([...runs].sort((a, b) => a - b));
        expect(changes.dueAt).toBe(all.at(-1));

        const late = selectSkipped(entry, all, now);
        for (const at of all) expect(late.get(at) ?? null).toBe(reasonOf(at, skipped));
      }),
    );
  });
});

/** The reason for which an occurrence is skipped; `null` for one that is published. */
function reasonOf(at: number, skipped: readonly Skip[]): SkipReason | null {
  return skipped.find(({ first, last }) => first <= at && at <= last)?.reason ?? null;
}
