import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import { DAY, makeEntry, HOUR, MINUTE } from '../../../support/entry.ts';
import { makeRig, type Rig } from '../../../support/rig.ts';
import { fields, line } from '../../schedule/arbitrary.ts';

/** Zones, and an instant at which their clocks change: by an hour, by half of one, by a whole day. */
const CHANGES = [
  ['Europe/Oslo', '2027-03-28T01:00:00Z'],
  ['Europe/Oslo', '2027-10-31T01:00:00Z'],
  ['America/New_York', '2027-03-14T07:00:00Z'],
  ['America/New_York', '2027-11-07T06:00:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
  ['Australia/Lord_Howe', '2027-10-02T15:30:00Z'],
  ['Africa/Casablanca', '2027-02-07T02:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['UTC', '2027-03-28T01:00:00Z'],
] as const;

/** The history of an instance: it runs, is down and restarted, or runs while its clock is set. */
type Span = readonly [what: 'up' | 'down' | 'set', ms: number];

const ms = (min: number, max: number) => fc.integer({ min, max });

const span: fc.Arbitrary<Span> = fc.oneof(
  fc.tuple(fc.constant('up' as const), ms(0, 6 * HOUR)),
  fc.tuple(fc.constant('down' as const), ms(0, 2 * MINUTE)),
  fc.tuple(fc.constant('down' as const), ms(0, 3 * DAY)),
  fc.tuple(fc.constant('set' as const), ms(-5 * HOUR, 5 * HOUR)),
);

const policies = fc.record({
  missed: fc.constantFrom('once' as const, 'skip' as const, 'all' as const),
  maxCatchUp: fc.constantFrom(3, 1_000),
  startingDeadline: fc.option(fc.oneof(ms(0, 2 * MINUTE), ms(0, 2 * DAY))),
});

const intervals = fc
  .tuple(fc.oneof(ms(40, 600), ms(600, 100_000)), fc.boolean())
  .map(([seconds, relative]) => (timezone: string): Schedule => {
    const schedule = timedelta({ seconds }, { relative });
    return schedule.inZone?.(timezone) ?? schedule;
  });

const crontabs = fields.map(({ minute, hour }) => (timezone: string): Schedule => {
  return crontab({ minute, hour }, { timezone });
});

const crons = fields.map((texts) => (timezone: string): Schedule => {
  const everyDay = { ...texts, dayOfMonth: '*', monthOfYear: '*', dayOfWeek: '*' };
  return cron(line(everyDay), { timezone });
});

describe.each([
  ['interval', intervals],
  ['crontab', crontabs],
  ['cron', crons],
])('around clock changes, each occurrence of a %s', (_kind, schedules) => {
  test('is published or skipped once by its policy, for any downtime and any change of the clock', async () => {
    const cases = fc.record({
      change: fc.constantFrom(...CHANGES),
      before: ms(0, 2 * DAY),
      make: schedules,
      policy: policies,
      spans: fc.array(span, { minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ change: [zone, at], before, make, policy, spans }) => {
        const entry = makeEntry({ schedule: make(zone), ...policy });
        const start = Date.parse(at) - before;
        const real = makeRig({ now: new Date(start).toISOString() });
        const oracle = new Oracle(entry, start);
        await live(real, entry, spans, oracle);
        expect(dealtWith(real, entry)).toEqual(oracle.dealtWith);
      }),
      { numRuns: 150 },
    );
  });
});

/** Runs the history, and reports each tick to the oracle. */
async function live({ clock, begin }: Rig, entry: Entry, spans: readonly Span[], oracle: Oracle) {
  let scheduler = await begin([entry]);
  const tick = async () => {
    oracle.look(clock.now());
    return scheduler.tick();
  };
  for (const [what, length] of spans) {
    if (what === 'set') clock.set(new Date(clock.now() + length));
    if (what === 'down') {
      clock.advance(length);
      scheduler = await begin([entry]);
    }
    let wakeAt = await tick();
    if (what !== 'up') continue;
    const end = clock.now() + length;
    while (wakeAt <= end) {
      clock.advance(wakeAt - clock.now());
      wakeAt = await tick();
    }
    clock.advance(end - clock.now());
  }
}

/** Instant → `sent`, or why not; each instant once, or this throws. */
function dealtWith({ emitted }: Rig, { schedule }: Entry): Map<string, string> {
  const found: [number, string][] = (emitted.sent ?? []).map(({ dueAt }) => [dueAt, 'sent']);
  for (const { reason, first, last, count } of emitted.skipped ?? []) {
    const stretch: number[] = [];
    for (let at = first; at <= last; at = next(schedule, at)) stretch.push(at);
    expect([stretch.length, stretch.at(-1)]).toEqual([count, last]);
    found.push(...stretch.map((at): [number, string] => [at, reason]));
  }
  const sorted = found.sort(([a], [b]) => a - b).map(([at, what]) => [iso(at), what] as const);
  expect(new Set(sorted.map(([at]) => at)).size).toBe(sorted.length);
  return new Map(sorted);
}

/** The policy once more, one occurrence at a time: it walks through all, and knows no stretches. */
class Oracle {
  readonly dealtWith = new Map<string, string>();
  readonly #entry: Entry;
  #last: number;

  constructor(entry: Entry, anchor: number) {
    this.#entry = entry;
    this.#last = anchor;
  }

  /** Deals with all that was not dealt with before. */
  look(now: number): void {
    const { schedule } = this.#entry;
    const pending: number[] = [];
    for (let at = next(schedule, this.#last); at <= now; at = next(schedule, at)) pending.push(at);
    this.#last = pending.at(-1) ?? this.#last;
    pending.forEach((at, i) => {
      this.dealtWith.set(iso(at), this.#verdict(now - at, pending.length - 1 - i));
    });
  }

  /** Of an occurrence so late, with so many newer ones that are due as well. */
  #verdict(late: number, newer: number): string {
    const { missed, maxCatchUp, startingDeadline } = this.#entry;
    const tooLate = startingDeadline !== null && late > startingDeadline;
    if (missed === 'all') return tooLate ? 'deadline' : newer >= maxCatchUp ? 'catch-up-limit' : 'sent';
    if (newer > 0) return missed === 'skip' ? 'missed' : 'coalesced';
    if (tooLate) return 'deadline';
    const tooLateToSkip = missed === 'skip' && startingDeadline === null && late > MINUTE;
    return tooLateToSkip ? 'missed' : 'sent';
  }
}

function next(schedule: Schedule, after: number): number {
  return schedule.next(new Date(after))?.getTime() ?? Infinity;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
