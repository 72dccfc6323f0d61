import { hash } from 'node:crypto';
import { observedZone, startInstant, type Observance } from '../../../schedule/calendar-events.ts';
import { quote } from '../../../schedule/text.ts';
import { interner } from '../../../schedule/searched-schedule.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { getZone, type Zone } from '../../../schedule/zone/zone.ts';
import { find, findText, IcsError, type Property, type Component, findAll, rawValue } from './components.ts';
import { parseRule } from '../../../schedule/rrule/rrule-text.ts';
import type { RecurrenceRule } from '../../../schedule/rrule/recurrence-days.ts';
import { ConfigError } from '../../../util/errors.ts';

/** Returns the zone of a `TZID`. Throws an `IcsError` at the line if the zone is unknown. */
export type FindZone = (tzid: string, line: number) => Zone;

export interface IcsTime {
  readonly isDate: boolean;
  /** Milliseconds as if it were UTC. */
  readonly local: number;
  /** The zone of a local time; `null` for a date and for a time without a zone. */
  readonly zone: Zone | null;
}

const UTC = getZone('UTC');

/** Reads a value of a property with dates or times. Throws an `IcsError`. */
export function readTime(value: unknown, { line, parameters }: Property, findZone: FindZone): IcsTime {
  const [, date, time, utc] = /^([-\d]+)(?:T([:\d]+)(Z)?)?$/.exec(String(value)) ?? [];
  // Some programs write a date without VALUE=DATE, which ical.js decodes as 2030-12-24T::.
  const isDate = time === undefined || time === '::';
  const local = Date.parse(`${date}T${isDate ? '00:00:00' : time}Z`);
  // `Date.parse` reads 30 February as a day in March.
  if (date === undefined || Number.isNaN(local) || !new Date(local).toISOString().startsWith(date)) {
    const expected = 'expected a date such as 20261224 or a time such as 20261224T090000';
    throw new IcsError(line, `${expected}, got ${quote(String(value).replace(/[-:]/g, ''))}`);
  }
  if (isDate) return { isDate, local, zone: null };
  const { tzid } = parameters;
  return { isDate, local, zone: utc ? UTC : tzid === undefined ? null : findZone(String(tzid), line) };
}

/** Converts a time to the local time of a zone. A time without a zone is unchanged. */
export function toLocalOf(zone: Zone | null, time: IcsTime): number {
  if (zone === null || time.zone === null || time.zone === zone) return time.local;
  const instant = startInstant(time.local, time.zone);
  return instant + zone.spanAt(instant).offset;
}

interface RecurrenceContext {
  readonly start: number;
  /** Converts a time to a local time of the event. */
  readonly toLocal: (time: IcsTime) => number;
  readonly findZone: FindZone;
}

/** Reads `RRULE`, `RDATE` and `EXDATE`. Throws an `IcsError`. */
export function readRecurrence(component: Component, context: RecurrenceContext) {
  const { toLocal, findZone } = context;
  const times = (name: string) =>
    findAll(component, name).flatMap((property) => {
      // Periods have a length of their own, see read-events.ts.
      const starts = property.values.filter((value) => !Array.isArray(value));
      return starts.map((value) => readTime(value, property, findZone));
    });
  const removed = times('EXDATE');
  return {
    rule: readRule(component, context),
    added: times('RDATE')
      .map(toLocal)
      .toSorted((a, b) => a - b),
    removed: new Set(removed.filter(({ isDate }) => !isDate).map(toLocal)),
    removedDays: new Set(removed.filter(({ isDate }) => isDate).map(({ local }) => local)),
  };
}

function readRule(component: Component, { toLocal }: RecurrenceContext): RecurrenceRule | undefined {
  const exclusion = component.properties.find(({ name }) => name === 'EXRULE');
  if (exclusion) throw new IcsError(exclusion.line, 'EXRULE is not supported; RFC 5545 has EXDATE');
  const [line, second] = component.properties.filter(({ name }) => name === 'RRULE');
  if (second) throw new IcsError(second.line, 'RRULE is there twice');
  if (!line) return undefined;
  const text = rawValue(line).replace(UNTIL, (_, ...parts: string[]) => {
    const [date, time] = [parts.slice(0, 3).join('-'), parts.slice(3, 6).join(':')];
    const local = toLocal({ isDate: false, local: Date.parse(`${date}T${time}Z`), zone: UTC });
    return `UNTIL=${new Date(local).toISOString().replace(/[-:]|\.000Z$/g, '')}`;
  });
  try {
    const rule = parseRule(text);
    if (!TOO_OFTEN.includes(rule.freq)) return rule;
    throw new IcsError(line.line, `RRULE: FREQ=${rule.freq} is not supported; events recur hourly at most`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new IcsError(line.line, `RRULE: ${error.errors.map(({ message }) => message).join('; ')}`);
  }
}

/** An instant in UTC. It becomes a local time, because the rule has local times. */
const UNTIL = /UNTIL=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/i;

/** A search would pass thousands of occurrences a day. */
const TOO_OFTEN = ['MINUTELY', 'SECONDLY'];

/** Finds zones by IANA name, else by a `VTIMEZONE` of the file, as Outlook writes it. */
export function zoneFinder(calendars: readonly Component[]): FindZone {
  const defined = new Map<string, Component>();
  for (const each of calendars.flatMap(({ components }) => components)) {
    const tzid = each.name === 'VTIMEZONE' ? findText(each, 'TZID') : undefined;
    if (tzid !== undefined) defined.set(tzid, each);
  }
  const known = new Map<string, Zone>();
  return (tzid, line) => {
    const zone = known.get(tzid) ?? findIana(tzid) ?? readZone(defined.get(tzid));
    if (!zone) throw new IcsError(line, `TZID ${quote(tzid)} is neither an IANA zone nor a VTIMEZONE of the file`);
    known.set(tzid, zone);
    return zone;
  };
}

/** Some programs write a prefix: `/freeassociation.sourceforge.net/Europe/Oslo`. */
function findIana(tzid: string): Zone | undefined {
  const parts = tzid.replace(/^\//, '').split('/');
  for (let i = 0; i < parts.length; i++) {
    try {
      return getZone(checkZone(parts.slice(i).join('/')));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  return undefined;
}

function readZone(definition: Component | undefined): Zone | undefined {
  if (!definition) return undefined;
  const observances = definition.components.map(readObservance);
  if (observances.length === 0) throw new IcsError(definition.line, 'VTIMEZONE has no STANDARD or DAYLIGHT');
  const texts = definition.components.flatMap(({ properties }) => properties.map(({ text }) => text));
  const name = `VTIMEZONE ${hash('sha256', texts.toSorted().join('\n')).slice(0, 32)}`;
  return intern(name, () => observedZone(name, observances));
}

/** The same zone is often in several files, and is read again at each reload. */
const intern = interner<Zone>();

function readObservance(component: Component): Observance {
  const begins = find(component, 'DTSTART');
  if (!begins) throw new IcsError(component.line, `${component.name} has no DTSTART`);
  const { local: start } = readTime(begins.values[0], begins, () => UTC);
  const offsetBefore = readOffset(component, 'TZOFFSETFROM');
  const recurrence = readRecurrence(component, {
    start,
    // The times of an observance are local times of the offset before it.
    toLocal: ({ local, zone }) => (zone === null ? local : local + offsetBefore),
    findZone: () => UTC,
  });
  return { start, ...recurrence, offsetBefore, offset: readOffset(component, 'TZOFFSETTO') };
}

function readOffset(component: Component, name: string): number {
  const property = find(component, name);
  const text = String(property?.values[0]);
  const [, sign, hours, minutes, seconds = 0] = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (sign === undefined) {
    throw new IcsError(property?.line ?? component.line, `${name}: expected an offset such as +0100`);
  }
  const total = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -total : total;
}
