import { hash } from 'node:crypto';
import { toInstant } from './calendar/clock-changes.ts';
import { DAY, SECOND } from './instants.ts';
import { anyOf, byLocalTime, type StretchAt, type TimeSet } from './limits/time-sets.ts';
import { findIn, type Interval, type Stretch } from '../util/intervals.ts';
import { formatRule } from './rrule/rrule-text.ts';
import type { RecurrenceRule } from './rrule/recurrence-days.ts';
import { Recurrence } from './rrule/recurrence.ts';
import { Zone } from './zone/zone.ts';

/** An event of a calendar file. Local times are in milliseconds as if they were UTC. */
export interface CalendarEvent {
  readonly title: string;
  /** The local time of its first occurrence. */
  readonly start: number;
  readonly length: EventLength;
  /** The zone of its local times; `null` for the zone of the schedule, as for days and for times without a zone. */
  readonly zone: Zone | null;
  /** How it recurs; absent from an event that happens once. */
  readonly rule?: RecurrenceRule | undefined;
  /** Additional local times at which it begins, sorted. */
  readonly added: readonly number[];
  /** Local times of the rule at which it does not begin. */
  readonly removed: ReadonlySet<number>;
  /** Days on which it does not begin: local times of midnight. */
  readonly removedDays: ReadonlySet<number>;
}

/** How long an event lasts: calendar days, which may have 23 or 25 hours, and then elapsed time. */
export interface EventLength {
  readonly days: number;
  /** Milliseconds. */
  readonly elapsed: number;
}

/** The instants within events. The spec is a hash of when they are, so that a changed title is not an edit. */
export function eventSet(events: readonly CalendarEvent[], description: string): TimeSet {
  const spec = `events(${hash('sha256', events.map(formatEvent).toSorted().join('\n')).slice(0, 32)})`;
  const listed = events.filter(isListed);
  const inZone = findIn(listed.filter(({ zone }) => zone !== null).flatMap(listIntervals));
  const local = findIn(listed.filter(({ zone }) => zone === null).flatMap(listIntervals));
  const recurring = events.filter((event) => !isListed(event)).map(eventTimes);
  return {
    spec,
    description,
    stretchAt: anyOf([byLocalTime(local), inZone, ...recurring]),
    describeAt: (instant, zone) => {
      const within = events.filter((event) => eventTimes(event)(instant, zone).inside);
      return within.length === 0 ? null : within.map(({ title }) => title).join(', ');
    },
  };
}

/** Whether the times of an event are a list, without a rule or exceptions. */
function isListed({ rule, removed, removedDays }: CalendarEvent): boolean {
  return rule === undefined && removed.size + removedDays.size === 0;
}

/** The intervals of a listed event: of instants, or of local times if it has no zone. */
function listIntervals({ start, added, length, zone }: CalendarEvent): readonly Interval[] {
  return [start, ...added].map((each) =>
    zone === null ? [each, each + localLength(length)] : [startInstant(each, zone), endInstant(each, length, zone)],
  );
}

function localLength({ days, elapsed }: EventLength): number {
  return days * DAY + elapsed;
}

function formatEvent(event: CalendarEvent): string {
  const { start, length, zone, rule, added, removed, removedDays } = event;
  const numbers = (all: Iterable<number>) => [...all].toSorted((a, b) => a - b).join(',');
  return [
    ...[start, length.days, length.elapsed, zone?.name ?? 'local', rule ? formatRule(rule) : ''],
    ...[added, removed, removedDays].map(numbers),
  ].join(' ');
}

/** Clock changes shift local times by at most this much. */
const SLACK = DAY;

/** The instants within one event, all its recurrences included. */
export function eventTimes(event: CalendarEvent): StretchAt {
  const firstStart = eventStarts(event);
  const length = localLength(event.length);
  const { zone } = event;
  if (zone === null) {
    // Local times are compared with local times: such an event lasts as long as the clocks say.
    const find = cached((local) => {
      const start = firstStart(local - length + 1);
      return start <= local ? { inside: true, end: start + length } : { inside: false, end: start };
    });
    return byLocalTime(find);
  }
  return cached((instant) => {
    const span = zone.spanAt(instant);
    const slack = instant - length - SLACK > span.start ? 0 : SLACK;
    const now = instant + span.offset;
    let next = span.end;
    let local = firstStart(now - length - slack + 1);
    for (; local !== Infinity; local = firstStart(local + 1)) {
      const start = startInstant(local, zone);
      if (start > instant) {
        next = Math.min(next, start);
        // Earlier local times that the clocks skipped may begin after later ones.
        if (local > now) break;
        continue;
      }
      const end = endInstant(local, event.length, zone);
      if (instant < end) return { inside: true, end };
    }
    return { inside: false, end: next };
  });
}

/** Caches the last stretch, because most calls ask for it or for the next one. */
function cached(find: (at: number) => Stretch): (at: number) => Stretch {
  let from = Infinity;
  let last: Stretch = { inside: false, end: -Infinity };
  return (at) => {
    if (at >= from && at < last.end) return last;
    last = find(at);
    from = at;
    return last;
  };
}

/** The first instant of a local time; in a gap, by the offset before it (RFC 5545), not at its end as schedules. */
export function startInstant(local: number, zone: Zone): number {
  const instant = toInstant(local, zone);
  const isSkipped = instant + zone.spanAt(instant).offset !== local;
  return isSkipped ? local - zone.spanAt(instant - 1).offset : instant;
}

/** The first instant after an event that begins at a local time. */
export function endInstant(local: number, { days, elapsed }: EventLength, zone: Zone): number {
  return startInstant(local + days * DAY, zone) + elapsed;
}

type Beginnings = Pick<CalendarEvent, 'start' | 'rule' | 'added' | 'removed' | 'removedDays'>;

/** Returns a function that finds the next time at which an event begins, `start` included (RFC 5545), or `Infinity`. */
function eventStarts(event: Beginnings): (local: number) => number {
  const { start, rule, added, removed, removedDays } = event;
  const recurrence = rule && new Recurrence(rule, start);
  const listed = [start, ...added].toSorted((a, b) => a - b);
  return (local) => {
    for (let from = local; ;) {
      const recurring = recurrence?.firstFrom(from) ?? Infinity;
      const found = Math.min(recurring, listed.find((each) => each >= from) ?? Infinity);
      if (!removed.has(found) && !removedDays.has(Math.floor(found / DAY) * DAY)) return found;
      from = found + SECOND;
    }
  };
}

/** Standard or summer time of a zone that a calendar file defines itself: an offset, and when it begins. */
export interface Observance extends Beginnings {
  /** The offset before the observance, which its local times have. Milliseconds. */
  readonly offsetBefore: number;
  /** Local time minus UTC during it. Milliseconds. */
  readonly offset: number;
}

/** Clock changes are listed between these local times. Before them, the change at `DTSTART` applies. */
const FIRST = Date.UTC(1968, 0);
const LAST = Date.UTC(2100, 0);

/** Creates a zone from its observances (`VTIMEZONE`). The name must be different for different zones. */
export function observedZone(name: string, observances: readonly Observance[]): Zone {
  const changes = observances.flatMap(listChanges).toSorted((a, b) => b.instant - a.instant);
  const before = changes.at(-1)?.offsetBefore ?? 0;
  return new Zone(name, (instant) => {
    return changes.find((change) => change.instant <= instant)?.offset ?? before;
  });
}

function listChanges({ offset, offsetBefore, ...observance }: Observance) {
  const firstStart = eventStarts(observance);
  const starts = observance.start < FIRST ? [observance.start] : [];
  let local = firstStart(Math.max(FIRST, observance.start));
  for (; local < LAST; local = firstStart(local + 1)) starts.push(local);
  return starts.map((start) => ({ instant: start - offsetBefore, offset, offsetBefore }));
}
