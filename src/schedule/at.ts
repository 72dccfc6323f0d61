import { DateTime } from 'luxon';

import { ConfigError } from '../errors.ts';
import type { ZoneOptions } from './calendar-schedule.ts';
import { instantOf } from './clock-changes.ts';
import { dateOrNull, millis } from './instants.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { checkZone, zoneNamed } from './zone.ts';

/**
 * Due once. A `Date`, or a text that says its offset (`2026-03-29T02:30:00Z`), is an instant; a text
 * without one (`2026-03-29T02:30`) is what clocks show in the zone: the first time that they show it or,
 * where they leap over it, the moment after. A `ConfigError` for any other text.
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

function readIso(text: unknown, zone: string): number {
  const date = DateTime.fromISO(String(text), { zone });
  if (typeof text === 'string' && date.isValid) return date.toMillis();
  const example = 'write it like 2026-03-29T02:30:00Z, or without Z for local time';
  throw new ConfigError(`${show(text)} is not an ISO 8601 date and time: ${example}`);
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
    super(instantOf(local, zoneNamed(zone)), onceInWords(local, zone));
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
