import { hash } from 'node:crypto';
import { toInstant } from './calendar/clock-changes.ts';
import { DAY, SECOND } from './instants.ts';
import { localSet, unionStretches, type FindLocal, type TimeSet } from './limits/time-sets.ts';
import { findIn, type Interval, type Stretch } from '../util/intervals.ts';
import { formatRule } from './rrule/rrule-text.ts';
import type { RecurrenceRule } from './rrule/recurrence-days.ts';
import { Recurrence } from './rrule/recurrence.ts';
import { Zone } from './zone/zone.ts';

/** An event of a calendar file. Local times are in milliseconds as if they were UTC. */
export interface CalendarEvent {
  /** Its title, for people. */
  readonly title: string;
  /** The local time at which it begins first. */
  readonly start: number;
  readonly length: EventLength;
  /** The zone of its local times; `null` for that of the schedule, as of days and of times without a zone. */
  readonly zone: Zone | null;
  /** How it recurs; absent from an event that happens once. */
  readonly rule?: RecurrenceRule | undefined;
  /** Local times at which it begins too, sorted. */
  readonly added: readonly number[];
  /** Local times at which it does not begin, though the rule has them. */
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
  const single = events.filter(isSingle);
  const recurring = events.filter((event) => !isSingle(event));
  const inZone = findIn(single.flatMap(intervalsInZone));
  const parts = [
    localSet('', '', findIn(single.flatMap(localIntervals))),
    { stretchAt: (instant: number) => inZone(instant) },
    ...recurring.map(eventTimes),
  ];
  return {
    spec,
    description,
    stretchAt: unionStretches(parts),
    describeAt: (instant, zone) => {
      const within = events.filter((event) => eventTimes(event).stretchAt(instant, zone).inside);
      return within.length === 0 ? null : within.map(({ title }) => title).join(', ');
    },
  };
}

/** Whether the times of an event are a list. */
function isSingle({ rule, removed, removedDays }: CalendarEvent): boolean {
  return rule === undefined && removed.size + removedDays.size === 0;
}

function localIntervals({ start, added, length, zone }: CalendarEvent): readonly Interval[] {
  if (zone !== null) return [];
  return [start, ...added].map((each) => [each, each + length.days * DAY + length.elapsed]);
}

function intervalsInZone({ start, added, length, zone }: CalendarEvent): readonly Interval[] {
  if (zone === null) return [];
  return [start, ...added].map((each) => [
    startInstant(each, zone),
    endInstant(each, length, zone),
  ]);
}

/** When an event is, as a text that is equal for equal times. */
function formatEvent(event: CalendarEvent): string {
  const { start, length, zone, rule, added, removed, removedDays } = event;
  const numbers = (all: Iterable<number>) => [...all].toSorted((a, b) => a - b).join(',');
  return [
    ...[start, length.days, length.elapsed, zone?.name ?? 'local', rule ? formatRule(rule) : ''],
    ...[added, removed, removedDays].map(numbers),
  ].join(' ');
}

/** Clock changes move a local time by no more than this against the others. */
const SLACK = DAY;

/** The instants within one event, all its recurrences included. */
export function eventTimes(event: CalendarEvent): Pick<TimeSet, 'stretchAt'> {
  const { zone } = event;
  if (zone === null) return localSet('', '', cached(findLocal(event)));
  const find = cached(findInZone(event, zone));
  return { stretchAt: (instant) => find(instant) };
}

/** Local times are compared with local times: such an event lasts as long as the clocks say. */
function findLocal(event: CalendarEvent): FindLocal {
  const starts = new EventStarts(event);
  const { days, elapsed } = event.length;
  const length = days * DAY + elapsed;
  return (local) => {
    const start = starts.firstFrom(local - length + 1) ?? Infinity;
    return start <= local ? { inside: true, end: start + length } : { inside: false, end: start };
  };
}

function findInZone(event: CalendarEvent, zone: Zone): (instant: number) => Stretch {
  const starts = new EventStarts(event);
  const { days, elapsed } = event.length;
  return (instant) => {
    const span = zone.spanAt(instant);
    const length = days * DAY + elapsed;
    const slack = instant - length - SLACK > span.start ? 0 : SLACK;
    const now = instant + span.offset;
    let next = span.end;
    let local = starts.firstFrom(now - length - slack + 1);
    for (; local !== null; local = starts.firstFrom(local + 1)) {
      const start = startInstant(local, zone);
      if (start > instant) {
        next = Math.min(next, start);
        // Earlier local times that the clocks skipped may begin after later ones.
        if (local > now) break;
      } else if (instant < endInstant(local, event.length, zone)) {
        return { inside: true, end: endInstant(local, event.length, zone) };
      }
    }
    return { inside: false, end: next };
  };
}

/** Remembers the last stretch: most questions are about the one before or the next. */
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

/**
 * Converts a local time to its first instant, as RFC 5545 has it: one that a clock change skips has the offset before the
 * change. (Schedules are due at the end of the gap instead, see clock-changes.ts.)
 */
export function startInstant(local: number, zone: Zone): number {
  const instant = toInstant(local, zone);
  const isSkipped = instant + zone.spanAt(instant).offset !== local;
  return isSkipped ? local - zone.spanAt(instant - 1).offset : instant;
}

/** The first instant after an event that begins at a local time. */
export function endInstant(local: number, { days, elapsed }: EventLength, zone: Zone): number {
  return startInstant(local + days * DAY, zone) + elapsed;
}

/** What says when an event begins. */
type Beginnings = Pick<CalendarEvent, 'start' | 'rule' | 'added' | 'removed' | 'removedDays'>;

/** The local times at which an event begins. As RFC 5545 has it, the first one counts even if the rule does not have it. */
class EventStarts {
  readonly #event: Beginnings;
  readonly #recurrence: Recurrence | undefined;
  readonly #added: readonly number[];

  constructor(event: Beginnings) {
    const { rule, start, added } = event;
    this.#event = event;
    this.#recurrence = rule && new Recurrence(rule, start);
    this.#added = [start, ...added].toSorted((a, b) => a - b);
  }

  /** Returns the first one at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    let from = local;
    for (;;) {
      const found = this.#first(from);
      if (found === Infinity) return null;
      if (!this.#isRemoved(found)) return found;
      from = found + SECOND;
    }
  }

  #first(from: number): number {
    const added = this.#added.find((each) => each >= from) ?? Infinity;
    return Math.min(this.#recurrence?.firstFrom(from) ?? Infinity, added);
  }

  #isRemoved(local: number): boolean {
    const { removed, removedDays } = this.#event;
    return removed.has(local) || removedDays.has(Math.floor(local / DAY) * DAY);
  }
}

/** Standard or summer time of a zone that a calendar file defines itself: an offset, and when it begins. */
export interface Observance extends Beginnings {
  /** The offset before it, in which its local times are. Milliseconds. */
  readonly offsetBefore: number;
  /** Local time minus UTC during it. Milliseconds. */
  readonly offset: number;
}

/** Clock changes are listed between these local times; the last one before them, at `DTSTART`, holds until then. */
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

interface Change {
  readonly instant: number;
  readonly offset: number;
  readonly offsetBefore: number;
}

function listChanges({ offset, offsetBefore, ...observance }: Observance): readonly Change[] {
  const starts = new EventStarts(observance);
  const changes: Change[] = [];
  let local = starts.firstFrom(Math.max(FIRST, observance.start));
  if (observance.start < FIRST) changes.push(at(observance.start));
  for (; local !== null && local < LAST; local = starts.firstFrom(local + 1)) {
    changes.push(at(local));
  }
  return changes;

  function at(start: number): Change {
    return { instant: start - offsetBefore, offset, offsetBefore };
  }
}
