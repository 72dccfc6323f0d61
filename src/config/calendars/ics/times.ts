import { startInstant } from '../../../schedule/calendar-events.ts';
import { quote } from '../../../schedule/text.ts';
import { getZone, type Zone } from '../../../schedule/zone/zone.ts';
import { IcsError } from './problem.ts';
import type { Property } from './property.ts';

/** Returns the zone of a `TZID`. Throws an `IcsError` at the line if the zone is unknown. */
export type FindZone = (tzid: string, line: number) => Zone;

/** A date, or a date with a time, as a calendar file has it. */
export interface IcsTime {
  readonly isDate: boolean;
  /** Milliseconds as if it were UTC. */
  readonly local: number;
  /** The zone of a local time; `null` for a date and for a time without a zone. */
  readonly zone: Zone | null;
}

export const UTC = getZone('UTC');

/** Reads a value of a property with dates or times. Throws an `IcsError`. */
export function readTime(
  value: unknown,
  { line, parameters }: Property,
  findZone: FindZone,
): IcsTime {
  const [, date, time, utc] = /^([-\d]+)(?:T([:\d]+)(Z)?)?$/.exec(String(value)) ?? [];
  // Some programs write a date without VALUE=DATE, which ical.js decodes as 2030-12-24T::.
  const isDate = time === undefined || time === '::';
  const local = Date.parse(`${date}T${isDate ? '00:00:00' : time}Z`);
  if (date === undefined || !isValid(local, date)) {
    const expected = 'expected a date such as 20261224 or a time such as 20261224T090000';
    throw new IcsError(line, `${expected}, got ${quote(String(value).replace(/[-:]/g, ''))}`);
  }
  if (isDate) return { isDate, local, zone: null };
  const { tzid } = parameters;
  const zone = utc ? UTC : tzid === undefined ? null : findZone(String(tzid), line);
  return { isDate, local, zone };
}

/** `Date.parse` reads 30 February as a day in March. */
function isValid(local: number, date: string): boolean {
  return !Number.isNaN(local) && new Date(local).toISOString().startsWith(date);
}

/** Converts a time to local time of a zone. One without a zone stays as it is. */
export function toLocalOf(zone: Zone | null, time: IcsTime): number {
  if (zone === null || time.zone === null || time.zone === zone) return time.local;
  const instant = startInstant(time.local, time.zone);
  return instant + zone.spanAt(instant).offset;
}
