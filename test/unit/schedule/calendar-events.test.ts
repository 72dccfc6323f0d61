import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  endInstant,
  startInstant,
  eventTimes,
  type CalendarEvent,
  observedZone,
} from '../../../src/schedule/calendar-events.ts';
import { parseRule } from '../../../src/schedule/rrule/rrule-text.ts';
import { getZone } from '../../../src/schedule/zone/zone.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Clock changes: back and forward by an hour, by half an hour, at midnight, and over a whole day. */
const CHANGES: readonly (readonly [zone: string, at: string])[] = [
  ['Europe/Oslo', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2027-03-14T07:00:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
  ['America/Santiago', '2026-09-06T04:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
];

const HALF_HOURS = fc.integer({ min: -96, max: 96 });

test('an event lasts from its start to its end, also when clocks change', () => {
  const length = fc.record({ days: fc.nat(2), elapsed: fc.nat(8).map((count) => (count * HOUR) / 2) });
  const every = fc.constantFrom('FREQ=HOURLY;INTERVAL=5', 'FREQ=DAILY', 'FREQ=HOURLY');
  const change = fc.constantFrom(...CHANGES);
  fc.assert(
    fc.property(change, length, every, HALF_HOURS, fc.nat(96), ([name, at], size, rule, begin, after) => {
      const zone = getZone(name);
      const changes = Date.parse(at);
      const start = changes + zone.spanAt(changes).offset + (begin * HOUR) / 2 - 3 * DAY;
      const step = rule === 'FREQ=DAILY' ? DAY : rule === 'FREQ=HOURLY' ? HOUR : 5 * HOUR;
      const recurs = parseRule(`${rule};COUNT=200`);
      const event: CalendarEvent = {
        title: '',
        start,
        length: size,
        zone,
        rule: recurs,
        added: [],
        removed: new Set(),
        removedDays: new Set(),
      };
      const starts = Array.from({ length: 200 }, (_, i) => start + i * step);
      const instant = changes + ((after - 48) * HOUR) / 2;
      const isWithin = starts.some(
        (local) => startInstant(local, zone) <= instant && instant < endInstant(local, size, zone),
      );
      const { inside, end } = eventTimes(event)(instant, zone);
      expect(inside).toBe(isWithin);
      expect(end).toBeGreaterThan(instant);
      const next = starts.map((local) => startInstant(local, zone)).filter((each) => each > instant);
      if (!inside) expect(end).toBeLessThanOrEqual(Math.min(...next));
    }),
    { numRuns: 1_000 },
  );
});

test('a start time that the clocks skip has the offset before the change', () => {
  const zone = getZone('Europe/Oslo');
  const local = Date.UTC(2027, 2, 28, 2, 30);
  expect(new Date(startInstant(local, zone)).toISOString()).toBe('2027-03-28T01:30:00.000Z');
  // Twice on that day; the first one counts.
  const repeated = startInstant(Date.UTC(2026, 9, 25, 2, 30), zone);
  expect(new Date(repeated).toISOString()).toBe('2026-10-25T00:30:00.000Z');
});

test('a zone that a file defines has the offsets of its rules', () => {
  const once = { added: [], removed: new Set<number>(), removedDays: new Set<number>() };
  const change = (from: number, to: number, month: number, hour: number) => ({
    ...once,
    start: Date.UTC(1601, 0, 1, hour),
    offsetBefore: from * HOUR,
    offset: to * HOUR,
    rule: parseRule(`FREQ=YEARLY;BYDAY=-1SU;BYMONTH=${month}`),
  });
  const zone = observedZone('rules of Oslo', [change(2, 1, 10, 3), change(1, 2, 3, 2)]);
  const oslo = getZone('Europe/Oslo');
  for (let at = Date.UTC(1999, 0); at < Date.UTC(2060, 0); at += 5 * DAY + HOUR) {
    expect(zone.spanAt(at).offset).toBe(oslo.spanAt(at).offset);
  }
  const changes = Date.parse('2026-10-25T01:00:00Z');
  expect(zone.spanAt(changes - 1).offset).toBe(2 * HOUR);
  expect(zone.spanAt(changes).offset).toBe(HOUR);
});
