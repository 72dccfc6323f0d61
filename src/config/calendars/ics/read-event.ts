import {
  type CalendarEvent,
  type EventLength,
  startInstant,
} from '../../../schedule/calendar-events.ts';
import { DAY } from '../../../schedule/instants.ts';
import type { Component } from './components.ts';
import { IcsError } from './problem.ts';
import { find, findAll, findText, parseLength, type Property } from './property.ts';
import { readRecurrence } from './recurrence.ts';
import { readTime, toLocalOf, type FindZone, type IcsTime } from './times.ts';

/** Reads a `VEVENT`, which is several events if it has periods. Throws an `IcsError`. */
export function readEvent(component: Component, findZone: FindZone): readonly CalendarEvent[] {
  const begins = find(component, 'DTSTART');
  if (!begins) throw new IcsError(component.line, 'VEVENT has no DTSTART');
  const start = readTime(begins.values[0], begins, findZone);
  const { zone, local } = start;
  const summary = findText(component, 'SUMMARY')?.trim() ?? '';
  const title = summary === '' ? 'an event without a title' : summary;
  const toLocal = (time: IcsTime) => toLocalOf(zone, time);
  const recurrence = readRecurrence(component, { start: local, toLocal, findZone });
  const event = {
    title,
    start: local,
    zone,
    length: readLength(component, start, findZone),
    ...recurrence,
  };
  return [event, ...readPeriods(component, title, findZone)];
}

/** The periods of `RDATE`, each as an event. */
function readPeriods(
  component: Component,
  title: string,
  findZone: FindZone,
): readonly CalendarEvent[] {
  return findAll(component, 'RDATE').flatMap((property) =>
    property.values.filter(Array.isArray).map(([from, to]): CalendarEvent => {
      const start = readTime(from, property, findZone);
      const length = /^[+-]?P/i.test(String(to))
        ? parseLength(to, property.line)
        : lengthBetween(start, readTime(to, property, findZone), property);
      return { title, start: start.local, zone: start.zone, length, ...ONCE };
    }),
  );
}

const ONCE = { added: [], removed: new Set<number>(), removedDays: new Set<number>() };

/** Without an end a day lasts a day, and a time no time. */
function readLength(component: Component, start: IcsTime, findZone: FindZone): EventLength {
  const end = find(component, 'DTEND');
  if (end) return lengthBetween(start, readTime(end.values[0], end, findZone), end);
  const duration = find(component, 'DURATION');
  if (duration) return parseLength(duration.values[0], duration.line);
  return start.isDate ? ONE_DAY : { days: 0, elapsed: 0 };
}

const ONE_DAY: EventLength = { days: 1, elapsed: 0 };

function lengthBetween(start: IcsTime, end: IcsTime, { line }: Property): EventLength {
  if (start.isDate !== end.isDate) {
    throw new IcsError(line, 'the event begins with a date and ends with a time, or the reverse');
  }
  const instant = ({ local, zone }: IcsTime) => (zone ? startInstant(local, zone) : local);
  const length = instant(end) - instant(start);
  if (length < 0) throw new IcsError(line, 'the event ends before it begins');
  if (!start.isDate) return { days: 0, elapsed: length };
  // Some programs write the same date twice for one day.
  return length === 0 ? ONE_DAY : { days: length / DAY, elapsed: 0 };
}
