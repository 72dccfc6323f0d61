import { DateTime } from 'luxon';

import { ConfigError } from '../util/errors.ts';
import type { ZoneOptions } from './calendar-schedule.ts';
import { instantOf } from './clock-changes.ts';
import { MAX_INSTANT, dateOrNull, millis } from './instants.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { checkZone } from './zone-names.ts';
import { zoneNamed } from './zone.ts';

/**
 * Due once. A `Date`, or a text that says its offset (`2026-03-29T02:30:00Z`), is an instant; a text
 * without one (`2026-03-29T02:30`) is what clocks show in the zone: the first time that they show it or,
 * where they leap over it, the moment after. A `ConfigError` for any other text, for a time without a date,
 * and for what no `Date` can hold.
 */
export function at(instant: string | Date, { timezone }: ZoneOptions = {}): Schedule {
  const own = timezone === undefined ? undefined : checkZone(timezone);
  if (instant instanceof Date) {
    if (Number.isNaN(instant.getTime())) throw new ConfigError('an invalid Date is no instant');
    return new Once(instant.getTime());
  }
  const [utc, east] = ['utc', 'utc+1'].map((zone) => readIso(instant, zone));
  // Read in two zones, it says the same only if it names an offset of its own.
  return utc === east ? new Once(utc!) : new LocalOnce(utc!, own);
}

/** Luxon also takes a time alone, and completes it with the date of the day on which it is read. */
const STARTS_WITH_DATE =
  /^(?:[+-]\d{6}|\d{4})(?:-?\d\d(?:-?\d\d)?|-?W\d\d(?:-?\d)?|-?\d{3})?(?:T|$)/i;

function readIso(text: unknown, zone: string): number {
  if (typeof text === 'string' && STARTS_WITH_DATE.test(text)) {
    const date = DateTime.fromISO(text, { zone });
    if (date.isValid) return date.toMillis();
  }
  const example =
    'write it like 2026-03-29T02:30:00Z, or without Z for local time, from the year -271821 to 275760';
  throw new ConfigError(`${show(text)} is not an ISO 8601 date and time: ${example}`);
}

/** A zone may move a local time past the first or the last instant. */
function inRange(instant: number): number {
  if (Math.abs(instant) <= MAX_INSTANT) return instant;
  const [first, last] = [-MAX_INSTANT, MAX_INSTANT].map((end) => new Date(end).toISOString());
  throw new ConfigError(`the instant is out of range ${first} to ${last}`);
}

class Once implements Schedule {
  readonly spec: string;
  readonly words: string;
  readonly #instant: number;

  constructor(instant: number, words = onceInWords(instant, 'UTC')) {
    this.spec = `at(${new Date(instant).toISOString()})`;
    this.words = words;
    this.#instant = instant;
  }

  next(after: Date): Date | null {
    return dateOrNull(millis(after, 'after') < this.#instant ? this.#instant : null);
  }

  latest(after: Date, until: Date): Date | null {
    const next = this.next(after);
    return next !== null && this.#instant <= millis(until, 'until') ? next : null;
  }
}

/** Local time; in UTC until a zone is told. */
class LocalOnce extends Once {
  readonly timezone: string;
  readonly #local: number;
  readonly #floating: boolean;

  constructor(local: number, timezone: string | undefined) {
    const zone = timezone ?? 'UTC';
    super(inRange(instantOf(local, zoneNamed(zone))), onceInWords(local, zone));
    this.timezone = zone;
    this.#local = local;
    this.#floating = timezone === undefined;
  }

  inZone(timezone: string): Schedule {
    return this.#floating ? new LocalOnce(this.#local, checkZone(timezone)) : this;
  }
}

function onceInWords(local: number, timezone: string): string {
  const [date, time] = new Date(local).toISOString().split('T');
  return `once, at ${date} ${time!.replace(/(:00)?(\.000)?Z$/, '')} ${timezone}`;
}
