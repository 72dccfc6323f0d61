import type { CalendarEvent } from '../../../schedule/calendar-events.ts';
import { parseComponents, type Component } from './components.ts';
import { IcsError, type IcsProblem } from './problem.ts';
import { find, findRaw, type Property } from './property.ts';
import { readEvent } from './read-event.ts';
import { readTime, toLocalOf, type FindZone } from './times.ts';
import { zoneFinder } from './zones.ts';

/** Each of them is searched by itself. */
const MAX_RECURRING = 500;

export interface ReadEvents {
  readonly events: readonly CalendarEvent[];
  /** What is wrong with the file, in the order of its lines. */
  readonly problems: readonly IcsProblem[];
}

/** Reads the events of an iCalendar file (RFC 5545). Cancelled ones are left out; whether one counts as busy has no effect. */
export function readEvents(text: string): ReadEvents {
  const problems: IcsProblem[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof IcsError)) throw error;
      problems.push({ line: error.line, message: error.message });
      return undefined;
    }
  };
  const components = attempt(() => parseComponents(text)) ?? [];
  const calendars = components.filter(({ name }) => name === 'VCALENDAR');
  const [other] = components;
  if (other && calendars.length === 0) {
    problems.push({
      line: other.line,
      message: `expected BEGIN:VCALENDAR, got BEGIN:${other.name}`,
    });
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
  const events = current.filter(isOn).flatMap((version) => {
    const { component, replaces, uid } = version;
    const changed = replaces ? [] : (changes.get(uid) ?? []);
    return attempt(() => withoutReplaced(readEvent(component, findZone), changed, findZone)) ?? [];
  });
  const recurring = events.filter(({ rule }) => rule !== undefined).length;
  if (recurring > MAX_RECURRING) {
    const message = `has ${recurring} recurring events, more than ${MAX_RECURRING}`;
    problems.push({ line: 1, message });
  }
  return { events, problems: problems.toSorted((a, b) => a.line - b.line) };
}

/** A `VEVENT`: an event, or a change of one of its occurrences. */
interface Version {
  readonly component: Component;
  readonly uid: string | undefined;
  /** `RECURRENCE-ID`, the occurrence that it replaces. */
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

function isOn({ component }: Version): boolean {
  return findRaw(component, 'STATUS')?.toUpperCase() !== 'CANCELLED';
}

/** The events of a version without the occurrences that others replace. */
function withoutReplaced(
  events: readonly CalendarEvent[],
  changed: readonly Version[],
  findZone: FindZone,
): readonly CalendarEvent[] {
  if (changed.length === 0) return events;
  return events.map((event) => {
    const times = changed.map((each) =>
      readTime(each.replaces!.values[0], each.replaces!, findZone),
    );
    const days = times.filter(({ isDate }) => isDate).map(({ local }) => local);
    const starts = times.filter(({ isDate }) => !isDate).map((time) => toLocalOf(event.zone, time));
    return {
      ...event,
      removed: new Set([...event.removed, ...starts]),
      removedDays: new Set([...event.removedDays, ...days]),
    };
  });
}
