import { type CalendarEvent, type EventLength, startInstant } from '../../../schedule/calendar-events.ts';
import {
  parseComponents,
  type Component,
  IcsError,
  find,
  findRaw,
  type Property,
  findAll,
  findText,
  parseLength,
} from './components.ts';
import { readTime, toLocalOf, type FindZone, type IcsTime, readRecurrence, zoneFinder } from './times.ts';
import { DAY } from '../../../schedule/instants.ts';

/** The most recurring events: each is searched separately. */
const MAX_RECURRING = 500;

/** Reads the events of an iCalendar file (RFC 5545), without cancelled ones. Problems are in the order of its lines. */
export function readEvents(text: string) {
  const problems: IcsError[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof IcsError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const components = attempt(() => parseComponents(text)) ?? [];
  const calendars = components.filter(({ name }) => name === 'VCALENDAR');
  const [other] = components;
  if (other && calendars.length === 0) {
    problems.push(new IcsError(other.line, `expected BEGIN:VCALENDAR, got BEGIN:${other.name}`));
  }
  const findZone = zoneFinder(calendars);
  const written = calendars
    .flatMap((calendar) => calendar.components)
    .filter(({ name }) => name === 'VEVENT')
    .flatMap((component) => attempt(() => readVersion(component)) ?? []);
  const current = newestVersions(written);
  const changes = Map.groupBy(
    current.filter(({ replaces }) => replaces),
    ({ uid }) => uid,
  );
  const isOn = ({ component }: Version) => findRaw(component, 'STATUS')?.toUpperCase() !== 'CANCELLED';
  const events = current.filter(isOn).flatMap((version) => {
    const { component, replaces, uid } = version;
    const changed = replaces ? [] : (changes.get(uid) ?? []);
    return attempt(() => withoutReplaced(readEvent(component, findZone), changed, findZone)) ?? [];
  });
  const recurring = events.filter(({ rule }) => rule !== undefined).length;
  if (recurring > MAX_RECURRING) {
    problems.push(new IcsError(1, `has ${recurring} recurring events, more than ${MAX_RECURRING}`));
  }
  return { events, problems: problems.toSorted((a, b) => a.line - b.line) };
}

/** A `VEVENT`: an event, or one changed occurrence of it. */
interface Version {
  readonly component: Component;
  readonly uid: string | undefined;
  /** `RECURRENCE-ID`: the occurrence that this version replaces. */
  readonly replaces: Property | undefined;
  readonly sequence: number;
}

function readVersion(component: Component): Version {
  const replaces = find(component, 'RECURRENCE-ID');
  if (replaces?.parameters['range'] !== undefined) {
    throw new IcsError(
      replaces.line,
      'RANGE=THISANDFUTURE is not supported; end the event with UNTIL, and add another',
    );
  }
  const uid = findRaw(component, 'UID');
  return { component, uid, replaces, sequence: Number(findRaw(component, 'SEQUENCE') ?? 0) };
}

/** A file may contain earlier versions of an event, with lower numbers. */
function newestVersions(versions: readonly Version[]): readonly Version[] {
  const newest = new Map<unknown, Version>();
  for (const version of versions) {
    const { uid, replaces, sequence } = version;
    const key = uid === undefined ? version : JSON.stringify([uid, replaces?.values[0]]);
    if (sequence >= (newest.get(key)?.sequence ?? -Infinity)) newest.set(key, version);
  }
  return [...newest.values()];
}

function withoutReplaced(events: readonly CalendarEvent[], changed: readonly Version[], findZone: FindZone) {
  if (changed.length === 0) return events;
  return events.map((event) => {
    const times = changed.map((each) => readTime(each.replaces!.values[0], each.replaces!, findZone));
    const days = times.filter(({ isDate }) => isDate).map(({ local }) => local);
    const starts = times.filter(({ isDate }) => !isDate).map((time) => toLocalOf(event.zone, time));
    return {
      ...event,
      removed: new Set([...event.removed, ...starts]),
      removedDays: new Set([...event.removedDays, ...days]),
    };
  });
}

/** Reads a `VEVENT` and its periods. Throws an `IcsError`. */
function readEvent(component: Component, findZone: FindZone): readonly CalendarEvent[] {
  const begins = find(component, 'DTSTART');
  if (!begins) throw new IcsError(component.line, 'VEVENT has no DTSTART');
  const start = readTime(begins.values[0], begins, findZone);
  const { zone, local } = start;
  const summary = findText(component, 'SUMMARY')?.trim() ?? '';
  const title = summary === '' ? 'an event without a title' : summary;
  const toLocal = (time: IcsTime) => toLocalOf(zone, time);
  const recurrence = readRecurrence(component, { start: local, toLocal, findZone });
  const event = { title, start: local, zone, length: readLength(component, start, findZone), ...recurrence };
  return [event, ...readPeriods(component, title, findZone)];
}

function readPeriods(component: Component, title: string, findZone: FindZone): readonly CalendarEvent[] {
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

/** Without an end, a date lasts one day, and a time has no length. */
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
