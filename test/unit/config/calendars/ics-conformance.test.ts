import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEvents } from '../../../../src/config/calendars/ics/read-events.ts';
import { eventSet } from '../../../../src/schedule/calendar-events.ts';
import type { TimeSet } from '../../../../src/schedule/limits/time-sets.ts';
import { getZone } from '../../../../src/schedule/zone/zone.ts';

interface Case {
  /** The zone of the schedule. */
  readonly zone: string;
  readonly ics: string;
  /** Begin and end of each event, which may overlap. */
  readonly times: readonly (readonly [start: string, end: string])[];
}

const url = new URL('../../../conformance/ics.jsonl', import.meta.url);
const cases = readFileSync(url, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/** The library was asked for a day more on each side. */
const FROM = Date.UTC(2026, 8, 3);
const UNTIL = Date.UTC(2027, 3, 28);

/** Joined, and cut to the period. */
function simplify(times: Iterable<readonly [number, number]>): string[] {
  const joined: [number, number][] = [];
  for (const [start, end] of [...times].toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined
    .map(([start, end]) => [Math.max(start, FROM), Math.min(end, UNTIL)] as const)
    .filter(([start, end]) => start < end)
    .map((pair) => pair.map((each) => new Date(each).toISOString()).join(' to '));
}

function* timesIn(set: TimeSet, zoneName: string): Generator<[number, number]> {
  const zone = getZone(zoneName);
  for (let at = FROM; at < UNTIL;) {
    const { inside, end } = set.stretchAt(at, zone);
    expect(end).toBeGreaterThan(at);
    if (inside) yield [at, end];
    at = end;
  }
}

test('calendar files: events are when recurring-ical-events finds them', () => {
  expect(cases.length).toBeGreaterThan(100);
  for (const { zone, ics, times } of cases) {
    const { events, problems } = readEvents(ics);
    expect(problems, ics).toEqual([]);
    const expected = times.map(([start, end]) => [Date.parse(start), Date.parse(end)] as const);
    expect(simplify(timesIn(eventSet(events, ''), zone)), ics).toEqual(simplify(expected));
  }
});
