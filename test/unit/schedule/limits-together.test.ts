import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cron } from '../../../src/schedule/cron/cron.ts';
import { eventSet, type CalendarEvent } from '../../../src/schedule/calendar-events.ts';
import { bounded, grid, jittered, selected, type Selection } from '../../../src/schedule/limits/limits.ts';
import { cronTimes, dates, type TimeSet, timesOfDay, union } from '../../../src/schedule/limits/time-sets.ts';
import { parseRule } from '../../../src/schedule/rrule/rrule-text.ts';
import { rrule } from '../../../src/schedule/rrule/rrule.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { getZone } from '../../../src/schedule/zone/zone.ts';
import { fields, instant, line, zone } from './arbitrary.ts';
import { walk } from './walk.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Zones whose clocks change by an hour, by half an hour, at midnight, and by a day. */
const place = fc.oneof(zone, fc.constantFrom('Europe/Oslo', 'Australia/Lord_Howe', 'America/Santiago', 'Pacific/Apia'));

const rules = [
  ...['FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=MO,TH', 'FREQ=MONTHLY;BYDAY=-1FR', 'FREQ=HOURLY;INTERVAL=7'],
  ...['FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU', 'FREQ=DAILY;COUNT=9'],
];

const event: fc.Arbitrary<CalendarEvent> = fc
  .record({
    start: fc.integer({ min: Date.UTC(2024, 0) / HOUR, max: Date.UTC(2028, 0) / HOUR }),
    days: fc.nat(3),
    elapsed: fc.nat(30),
    zone: fc.option(place),
    rule: fc.option(fc.constantFrom(...rules)),
    isWithout: fc.boolean(),
  })
  .map(({ start, days, elapsed, zone: name, rule, isWithout }) => ({
    title: 'An event',
    start: start * HOUR,
    length: { days, elapsed: elapsed * HOUR },
    zone: name === null ? null : getZone(name),
    rule: rule === null ? undefined : parseRule(rule),
    added: [start * HOUR + 5 * DAY],
    removed: new Set(isWithout ? [start * HOUR] : []),
    removedDays: new Set<number>(),
  }));

const events = fc.array(event, { maxLength: 4 }).map((all) => eventSet(all, 'events'));

const set: fc.Arbitrary<TimeSet> = fc.oneof(
  fc.constantFrom(
    ...[timesOfDay(['09:00-17:00']), timesOfDay(['22:00-06:00', '12:00-13:00'])],
    ...[dates(['12-24/01-02', '05-17']), dates(['2025-03-01/2027-04-01'])],
    ...[cronTimes('* * * * mon-fri'), cronTimes('* 2-3 * * *'), cronTimes('*/20 9-16 L * *')],
  ),
  { weight: 2, arbitrary: events },
);

const selection: fc.Arbitrary<Selection> = fc.record({
  only: fc.array(set, { maxLength: 2 }).map((sets) => (sets.length > 1 ? [union(sets, 'any')] : sets)),
  exclude: fc.array(set, { maxLength: 2 }),
});

const nominal: fc.Arbitrary<Schedule> = fc.oneof(
  fc.tuple(fields, place).map(([texts, timezone]) => cron(line(texts), { timezone })),
  fc.tuple(fc.integer({ min: 60_000, max: 3 * DAY }), fc.nat(DAY)).map(([every, at]) => grid(every, at)),
  fc
    .tuple(fc.constantFrom(...rules), place)
    .map(([rule, timezone]) => rrule(rule, { dtstart: '2024-01-01T02:30', timezone })),
);

/** Every limit around one schedule, as an entry has them. */
const limited = fc
  .record({
    nominal,
    selection,
    timezone: place,
    jitter: fc.nat(2 * HOUR),
    name: fc.string(),
    from: instant(2024, 2025),
    count: fc.option(fc.integer({ min: 1, max: 30 })),
  })
  .map((parts) => {
    const chosen = selected(parts.nominal, parts.selection, parts.timezone);
    const from = parts.from.getTime();
    const bounds = { from, until: from + 1_000 * DAY, count: parts.count ?? undefined };
    const within = bounded(chosen, bounds, parts.timezone);
    return { ...parts, chosen, within, schedule: jittered(within, parts.jitter + 1, parts.name) };
  });

const LENGTH = 12;

test('an entry with every limit: occurrences increase, and next and latest agree from anywhere', () => {
  fc.assert(
    fc.property(limited, instant(2024, 2027), fc.nat(1_000), ({ schedule }, after, share) => {
      const all = walk(schedule, after, LENGTH);
      const instants = all.map((at) => at.getTime());
      expect(instants).toEqual([...new Set(instants)].toSorted((a, b) => a - b));
      const [first, last] = [all[0], all.at(-1)];
      if (!first || !last) return;
      expect(first.getTime()).toBeGreaterThan(after.getTime());
      const between = new Date(after.getTime() + Math.floor(((last.getTime() - after.getTime()) * share) / 1_000));
      expect(schedule.next(between)).toEqual(all.find((at) => at > between) ?? schedule.next(last));
      expect(schedule.latest!(after, between)).toEqual(all.findLast((at) => at <= between) ?? null);
      expect(schedule.latest!(after, new Date(last.getTime() - 1))).toEqual(all.at(-2) ?? null);
    }),
    { numRuns: 50 },
  );
});

test('an entry with every limit: no nominal instant is excluded, and none that is allowed is left out', () => {
  fc.assert(
    fc.property(limited, instant(2024, 2026), (parts, after) => {
      const { nominal: schedule, chosen, selection: sets, timezone } = parts;
      const isIn = (at: Date) => (each: TimeSet) => each.stretchAt(at.getTime(), getZone(timezone)).inside;
      const isAllowed = (at: Date) => sets.only.every(isIn(at)) && !sets.exclude.some(isIn(at));
      const all = walk(schedule, after, 200);
      const expected = all.filter(isAllowed);
      expect(walk(chosen, after, expected.length)).toEqual(expected);
      const next = chosen.next(expected.at(-1) ?? after);
      if (next) expect(isAllowed(next)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('an entry with every limit: equal parts make the same instants, as on another instance', () => {
  fc.assert(
    fc.property(limited, instant(2024, 2026), ({ within, jitter, name, schedule }, after) => {
      const other = jittered(within, jitter + 1, name);
      expect(other.spec).toBe(schedule.spec);
      expect(walk(other, after, 5)).toEqual(walk(schedule, after, 5));
      for (const at of walk(schedule, after, 5)) {
        const { fields: checks, notes } = schedule.explain!(at);
        // A note explains an occurrence whose local time the clocks skipped.
        if (notes.length === 0) expect(checks.filter(({ matches }) => !matches)).toEqual([]);
      }
    }),
    { numRuns: 30 },
  );
});

test('the events of a calendar have one answer from the beginning to the end of a stretch', () => {
  fc.assert(
    fc.property(events, place, instant(2024, 2029), fc.nat(1_000), (all, timezone, start, share) => {
      const clocks = getZone(timezone);
      const { inside, end } = all.stretchAt(start.getTime(), clocks);
      expect(end).toBeGreaterThan(start.getTime());
      const length = Math.min(end - start.getTime(), 400 * DAY);
      const within = start.getTime() + Math.floor(((length - 1) * share) / 1_000);
      expect(all.stretchAt(within, clocks).inside).toBe(inside);
      expect(all.describeAt!(within, clocks) !== null).toBe(inside);
    }),
    { numRuns: 300 },
  );
});
