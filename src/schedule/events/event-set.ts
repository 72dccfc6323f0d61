import { hash } from 'node:crypto';
import { DAY } from '../instants.ts';
import { localSet, type TimeSet } from '../limits/time-set.ts';
import { unionStretches } from '../limits/union.ts';
import { formatRule } from '../rrule/rrule-text.ts';
import { endInstant, startInstant } from './event-instants.ts';
import { eventTimes } from './event-times.ts';
import type { CalendarEvent } from './event.ts';
import { findIn, type Interval } from './intervals.ts';

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
