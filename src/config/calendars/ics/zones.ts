import { hash } from 'node:crypto';
import { observedZone, type Observance } from '../../../schedule/calendar-events.ts';
import { quote } from '../../../schedule/text.ts';
import { interner } from '../../../schedule/searched-schedule.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { getZone, type Zone } from '../../../schedule/zone/zone.ts';
import { ConfigError } from '../../../util/errors.ts';
import { type Component, IcsError, find, findText } from './components.ts';
import { readRecurrence, readTime, UTC, type FindZone } from './times.ts';

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
    if (!zone) {
      throw new IcsError(line, `TZID ${quote(tzid)} is neither an IANA zone nor a VTIMEZONE of the file`);
    }
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
  if (observances.length === 0) {
    throw new IcsError(definition.line, 'VTIMEZONE has no STANDARD or DAYLIGHT');
  }
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
