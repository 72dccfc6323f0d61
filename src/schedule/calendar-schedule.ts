import { cronText } from './calendar-text.ts';
import { Calendar, type CalendarFields } from './calendar.ts';
import { nextElapsed, nextFixed } from './clock-changes.ts';
import { dateOrNull, millis } from './instants.ts';
import { interner } from './intern.ts';
import { latestByNext } from './latest.ts';
import type { Schedule } from './schedule.ts';
import { inWords } from './words.ts';
import { checkZone, zoneNamed, type Zone } from './zone.ts';

/** What an expression says, whichever grammar it was written in. */
export interface CalendarRule {
  readonly fields: CalendarFields;
  /** The minute or hour field holds `*`, a range or a step: see clock-changes.ts. */
  readonly elapsed: boolean;
}

export interface ZoneOptions {
  /** IANA name of the zone that the fields are read in. Left out: the configuration's, else UTC. */
  readonly timezone?: string | undefined;
}

const intern = interner<CalendarSchedule>();

/**
 * The schedule of a rule. Rules that mean the same share one object, whether they came from `crontab`
 * or from `cron`, and however they were spelled. A `ConfigError` for an unknown zone.
 */
export function calendarSchedule(rule: CalendarRule, { timezone }: ZoneOptions): Schedule {
  return make(rule, timezone === undefined ? undefined : checkZone(timezone));
}

function make(rule: CalendarRule, timezone: string | undefined): CalendarSchedule {
  const { fields, elapsed } = rule;
  const days = fields.union ? ' either-day' : '';
  const spec = `cron(${cronText(fields)})${days} ${elapsed ? 'elapsed' : 'fixed'} ${timezone ?? 'UTC'}`;
  // Without a zone of its own it is read in UTC, too, but may still be moved to another.
  const key = timezone === undefined ? `${spec} unless told otherwise` : spec;
  return intern(key, () => new CalendarSchedule(rule, spec, timezone));
}

/**
 * Remembers its last answer, which is the answer to every question between that question and itself:
 * entries that share a schedule are asked one after the other about nearly the same moment.
 */
class CalendarSchedule implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #rule: CalendarRule;
  readonly #floating: boolean;
  readonly #calendar: Calendar;
  readonly #zone: Zone;

  // Nothing is due after #asked and before #due; nothing ever, where #due is Infinity.
  #asked = Infinity;
  #due = -Infinity;
  // Nothing is due after #newest and until #until; nor after #since, where #newest is null.
  #since = Infinity;
  #until = -Infinity;
  #newest: number | null = null;

  constructor(rule: CalendarRule, spec: string, timezone: string | undefined) {
    this.spec = spec;
    this.timezone = timezone ?? 'UTC';
    this.#rule = rule;
    this.#floating = timezone === undefined;
    this.#calendar = new Calendar(rule.fields);
    this.#zone = zoneNamed(this.timezone);
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return dateOrNull(this.#next(millis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return dateOrNull(this.#latest(millis(after, 'after'), millis(until, 'until')));
  }

  inZone(timezone: string): Schedule {
    return this.#floating ? make(this.#rule, checkZone(timezone)) : this;
  }

  get words(): string {
    return inWords(this.#rule.fields) ?? this.spec;
  }

  #next(after: number): number | null {
    if (after < this.#asked || after >= this.#due) {
      const search = this.#rule.elapsed ? nextElapsed : nextFixed;
      this.#due = search(this.#calendar, this.#zone, after) ?? Infinity;
      this.#asked = after;
    }
    return this.#due === Infinity ? null : this.#due;
  }

  #latest(after: number, until: number): number | null {
    const known = until === this.#until && (this.#newest !== null || after >= this.#since);
    if (!known) {
      this.#newest = latestByNext((instant) => this.#next(instant), after, until);
      this.#since = after;
      this.#until = until;
    }
    return this.#newest !== null && this.#newest > after ? this.#newest : null;
  }
}
