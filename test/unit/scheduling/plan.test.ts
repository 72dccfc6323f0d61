import { advance, newState } from '../../../src/store/entry-state.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cursor, nextDueAt, reconcile } from '../../../src/scheduling/plan.ts';
import { decide } from '../../../src/catalog/catch-up.ts';
import { cron } from '../../../src/schedule/cron.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import {
  alignedSchedule,
  intervalSchedule,
  DAY,
  makeEntry,
  HOUR,
  MINUTE,
  makeState,
  SECOND,
} from '../../support/entry.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

describe('what is due', () => {
  test('a run in time is sent, and nothing is skipped', () => {
    const decision = decide(makeEntry(), NOON, NOON + 3);
    expect(decision).toEqual({ send: [NOON], skip: [], dueAt: NOON });
  });

  test('the next occurrence follows from the record, not from now', () => {
    const entry = makeEntry({ schedule: intervalSchedule(10 * SECOND) });
    expect(nextDueAt(entry, makeState({ anchor: NOON }))).toBe(NOON + 10 * SECOND);
    expect(nextDueAt(entry, makeState({ anchor: NOON, dueAt: NOON + 50 * SECOND }))).toBe(
      NOON + 60 * SECOND,
    );
  });

  test('an anchor that is newer than the last run wins: the schedule was edited since', () => {
    expect(cursor(makeState({ anchor: NOON, dueAt: NOON - DAY }))).toBe(NOON);
  });

  test.each([0, -1, NaN])('a schedule whose next is later by %d is told of, not walked', (step) => {
    const broken = { spec: 'mine', next: (after: Date) => new Date(after.getTime() + step) };
    const entry = makeEntry({ schedule: broken });
    expect(() => decide(entry, NOON, NOON + DAY)).toThrow('schedule "mine"');
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow('is not later');
  });

  test('a schedule that answers a promise is told of, and that it fails later ends nothing', () => {
    const reject = (async () => Promise.reject(new Error('no db'))) as never;
    const entry = makeEntry({ schedule: { spec: 'mine', next: reject } });
    const refused = 'schedule "mine": expected a Date or null, got a promise';
    expect(() => nextDueAt(entry, makeState({ dueAt: NOON }))).toThrow(refused);
    const next = (after: Date) => new Date(after.getTime() + 1);
    const late = makeEntry({ schedule: { spec: 'mine', next, latest: reject } });
    expect(() => decide(late, NOON, NOON + DAY)).toThrow(refused);
  });

  test('a schedule that has no next occurrence is never due', () => {
    const once: Schedule = { spec: 'at noon', next: (at) => (+at < NOON ? new Date(NOON) : null) };
    const entry = makeEntry({ schedule: once });
    expect(nextDueAt(entry, makeState({ dueAt: NOON }))).toBe(Infinity);
    expect(decide(entry, NOON, NOON + DAY).send).toEqual([NOON]);
  });
});

describe('what was missed', () => {
  const late = NOON + 3 * MINUTE + 20 * SECOND;

  test('one run is sent for four missed ones, the newest, and the others are told of', () => {
    expect(decide(makeEntry(), NOON, late)).toEqual({
      send: [NOON + 3 * MINUTE],
      skip: [{ reason: 'coalesced', first: NOON, last: NOON + 2 * MINUTE, count: 3 }],
      dueAt: NOON + 3 * MINUTE,
    });
  });

  test('an entry that skips sends what is up to a minute late, and nothing that is later', () => {
    const hourly = makeEntry({ schedule: alignedSchedule(HOUR), missed: 'skip' });
    expect(decide(hourly, NOON, NOON + MINUTE).send).toEqual([NOON]);
    expect(decide(hourly, NOON, NOON + MINUTE + 1)).toEqual({
      send: [],
      skip: [{ reason: 'missed', first: NOON, last: NOON, count: 1 }],
      dueAt: NOON,
    });
  });

  test('all of them are sent, oldest first, when the entry says so', () => {
    const decision = decide(makeEntry({ missed: 'all' }), NOON, late);
    expect(decision.send).toEqual([0, 1, 2, 3].map((n) => NOON + n * MINUTE));
    expect(decision.skip).toEqual([]);
  });

  test('the starting deadline is judged on the newest missed one', () => {
    const uneven: Schedule = {
      spec: 'at :00 and :45',
      next: (after) => {
        const hour = Math.floor(+after / HOUR) * HOUR;
        const candidates = [hour, hour + 45 * MINUTE, hour + HOUR];
        return new Date(candidates.find((at) => at > +after) ?? hour + HOUR + 45 * MINUTE);
      },
    };
    const entry = makeEntry({ schedule: uneven, startingDeadline: 30 * MINUTE });
    const decision = decide(entry, NOON - 15 * MINUTE, NOON + 20 * MINUTE);
    expect(decision.send).toEqual([NOON]);
  });

  test('a run beyond its starting deadline is not sent, and that is told', () => {
    const entry = makeEntry({ schedule: alignedSchedule(HOUR), startingDeadline: 5 * MINUTE });
    expect(decide(entry, NOON, NOON + 6 * MINUTE)).toEqual({
      send: [],
      skip: [{ reason: 'deadline', first: NOON, last: NOON, count: 1 }],
      dueAt: NOON,
    });
  });

  test('of all missed ones only those within the deadline are sent', () => {
    const entry = makeEntry({ missed: 'all', startingDeadline: 90 * SECOND });
    const decision = decide(entry, NOON, late);
    expect(decision.send).toEqual([NOON + 2 * MINUTE, NOON + 3 * MINUTE]);
    expect(decision.skip).toEqual([
      { reason: 'deadline', first: NOON, last: NOON + MINUTE, count: 2 },
    ]);
  });

  test('a year of missed seconds is not walked through: the newest thousand are sent, the rest told of', () => {
    const entry = makeEntry({
      schedule: alignedSchedule(SECOND),
      missed: 'all',
      maxCatchUp: 1_000,
    });
    const decision = decide(entry, NOON, NOON + 365 * DAY);
    expect(decision.send).toHaveLength(1_000);
    expect(decision.send.at(-1)).toBe(NOON + 365 * DAY);
    expect(decision.skip).toEqual([
      {
        reason: 'catch-up-limit',
        first: NOON,
        last: NOON + 365 * DAY - 1_000 * SECOND,
        count: null,
      },
    ]);
  });

  test('the newest of a schedule of seconds in one hour of the year are found within that hour', () => {
    const schedule = cron('* * 0 1 1 *');
    const [first, newYear] = [Date.parse('2027-01-01T00:00Z'), Date.parse('2028-01-01T00:00Z')];
    const entry = makeEntry({ schedule, missed: 'all', maxCatchUp: 100 });
    const { send, skip } = decide(entry, first, newYear + 9 * SECOND);
    const lastHour = Array.from({ length: 90 }, (_, i) => first + HOUR - (90 - i) * SECOND);
    const thisHour = Array.from({ length: 10 }, (_, i) => newYear + i * SECOND);
    expect(send).toEqual([...lastHour, ...thisHour]);
    expect(skip).toMatchObject([{ first, last: first + HOUR - 91 * SECOND }]);
  });

  test('whatever was missed, each occurrence is sent or skipped, once, in order', () => {
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
        const { send, skip, dueAt } = decide(entry, first, now);

        const dealtWith = [...send];
        for (const { first: from, last, count } of skip) {
          const stretch = [];
          for (let at = from; at <= last; at = +entry.schedule.next(new Date(at))!)
            stretch.push(at);
          expect(count).toBe(stretch.length);
          dealtWith.push(...stretch);
        }
        const all = [];
        for (let at = first; at <= now; at = +entry.schedule.next(new Date(at))!) all.push(at);
        expect(dealtWith.sort((a, b) => a - b)).toEqual(all);
        expect(send).toEqual([...send].sort((a, b) => a - b));
        expect(dueAt).toBe(all.at(-1));
      }),
    );
  });
});

describe('the beginning of a term', () => {
  test('an entry seen for the first time counts from now and owes nothing', () => {
    expect(reconcile(makeEntry(), undefined, NOON)).toEqual({
      state: newState('aligned 60000', NOON),
      change: 'added',
    });
  });

  test('an entry that stands as it was goes on where it was', () => {
    const state = makeState({ dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({ state, change: null });
  });

  test('an edited schedule counts from now and keeps its run count', () => {
    const state = makeState({ spec: 'aligned 1', dueAt: NOON - DAY, runCount: 7 });
    expect(reconcile(makeEntry(), state, NOON)).toEqual({
      state: advance(state, { spec: 'aligned 60000', anchor: NOON }),
      change: 'edited',
    });
  });

  test('an entry that was disabled for a month owes nothing for it', () => {
    const state = makeState({ dueAt: NOON - 30 * DAY });
    const paused = reconcile(makeEntry({ enabled: false }), state, NOON - 29 * DAY);
    expect(paused?.change).toBe('disabled');
    const resumed = reconcile(makeEntry(), paused?.state, NOON);
    expect(resumed?.change).toBe('enabled');
    expect(nextDueAt(makeEntry(), resumed!.state)).toBe(NOON + MINUTE);
  });

  test('an entry that left the config is marked, so that it owes nothing if it comes back', () => {
    expect(reconcile(undefined, makeState(), NOON)).toEqual({
      state: advance(makeState(), { spec: null }),
      change: 'removed',
    });
    expect(reconcile(undefined, makeState({ spec: null }), NOON)?.change).toBeNull();
  });

  test('a disabled entry that was never seen leaves no trace', () => {
    expect(reconcile(makeEntry({ enabled: false }), undefined, NOON)).toBeNull();
  });
});
