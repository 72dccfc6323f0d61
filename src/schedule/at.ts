import { DateTime } from 'luxon';

import { ConfigError } from '../util/errors.ts';
import type { ZoneOptions } from './calendar/calendar-schedule.ts';
import { toInstant } from './calendar/clock-changes.ts';
import { MAX_INSTANT } from './instants.ts';
import { describeLocal, quote } from './text.ts';
import type { Schedule } from './schedule.ts';
import { SearchedSchedule } from './searched-schedule.ts';
import { checkZone } from './zone/zone-names.ts';
import { getZone } from './zone/zone.ts';

/**
 * A schedule with a single occurrence. A `Date`, or a string with a UTC offset (`2026-03-29T02:30:00Z`), is an
 * instant; a string without an offset (`2026-03-29T02:30`) is local time in the zone: its first pass in an
 * overlap, and the first instant after a gap that skips it. Throws a `ConfigError` for anything else.
 */
export function at(instant: string | Date, { timezone }: ZoneOptions = {}): Schedule {
  const own = timezone === undefined ? undefined : checkZone(timezone);
  const { time, isLocal } = readTime(instant);
  return isLocal ? onceAtLocal(time, own) : new Once(time);
}

/** Reads an instant, or a local time in milliseconds as if it were UTC. Throws a `ConfigError` for anything else. */
export function readTime(input: string | Date): { readonly time: number; readonly isLocal: boolean } {
  if (input instanceof Date) {
    if (Number.isNaN(input.getTime())) throw new ConfigError('invalid Date');
    return { time: input.getTime(), isLocal: false };
  }
  const [utc, east] = ['utc', 'utc+1'].map((zone) => readIso(input, zone));
  // Parsing in two zones gives the same instant only if the string has an offset.
  return { time: utc!, isLocal: utc !== east };
}

/** Excludes a time without a date, which luxon completes with the current date. */
const STARTS_WITH_DATE = /^(?:[+-]\d{6}|\d{4})(?:-?\d\d(?:-?\d\d)?|-?W\d\d(?:-?\d)?|-?\d{3})?(?:T|$)/i;

function readIso(text: unknown, zone: string): number {
  if (typeof text === 'string' && STARTS_WITH_DATE.test(text)) {
    const date = DateTime.fromISO(text, { zone });
    if (date.isValid) return date.toMillis();
  }
  const example = 'write it as 2026-03-29T02:30:00Z, or without Z for local time, with a year from -271821 to 275760';
  throw new ConfigError(`${quote(text)} is not an ISO 8601 date and time: ${example}`);
}

/** Checks the range: the offset of a zone can move a valid local time out of it. */
function inRange(instant: number): number {
  if (Math.abs(instant) <= MAX_INSTANT) return instant;
  const [first, last] = [-MAX_INSTANT, MAX_INSTANT].map((end) => new Date(end).toISOString());
  throw new ConfigError(`the instant is out of range ${first} to ${last}`);
}

class Once extends SearchedSchedule {
  readonly description: string;
  readonly #instant: number;

  constructor(instant: number, local = instant, timezone?: string, make?: (timezone: string) => Schedule) {
    super(`at(${new Date(instant).toISOString()})`, timezone, make);
    this.description = `once, at ${describeLocal(local)} ${timezone ?? 'UTC'}`;
    this.#instant = instant;
  }

  protected findNext(after: number): number | null {
    return after < this.#instant ? this.#instant : null;
  }
}

function onceAtLocal(local: number, timezone: string | undefined): Schedule {
  const instant = inRange(toInstant(local, getZone(timezone ?? 'UTC')));
  return new Once(instant, local, timezone, (zone) => onceAtLocal(local, zone));
}
