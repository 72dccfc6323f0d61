import { Answers } from './answers.ts';
import { cronText } from './calendar-text.ts';
import { Calendar, type CalendarFields } from './calendar.ts';
import { nextElapsed, nextFixed } from './clock-changes.ts';
import { dateOrNull, millis } from './instants.ts';
import { interner } from './intern.ts';
import { latestByNext } from './latest.ts';
import type { Schedule, ScheduleWarning } from './schedule.ts';
import { inWords } from './words.ts';
import { checkZone } from './zone-names.ts';
import { zoneNamed } from './zone.ts';

/** What an expression says, whichever grammar it was written in. */
export interface CalendarRule {
  readonly fields: CalendarFields;
  /** What is likely a mistake; absent for none. */
  readonly warnings?: readonly ScheduleWarning[] | undefined;
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
  const { fields, elapsed, warnings } = rule;
  const days = fields.union ? ' either-day' : '';
  const spec = `cron(${cronText(fields)})${days} ${elapsed ? 'elapsed' : 'fixed'} ${timezone ?? 'UTC'}`;
  // Without a zone of its own it is read in UTC, too, but may still be moved to another.
  const floating = timezone === undefined ? ' in no zone yet' : '';
  const key = `${spec}${floating}${warnings ? JSON.stringify(warnings) : ''}`;
  return intern(key, () => new CalendarSchedule(rule, spec, timezone));
}

class CalendarSchedule implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly warnings?: readonly ScheduleWarning[];
  readonly #rule: CalendarRule;
  readonly #floating: boolean;
  readonly #answers: Answers;

  constructor(rule: CalendarRule, spec: string, timezone: string | undefined) {
    this.spec = spec;
    this.timezone = timezone ?? 'UTC';
    if (rule.warnings) this.warnings = rule.warnings;
    this.#rule = rule;
    this.#floating = timezone === undefined;
    const calendar = new Calendar(rule.fields);
    const zone = zoneNamed(this.timezone);
    const search = rule.elapsed ? nextElapsed : nextFixed;
    const answers: Answers = new Answers({
      next: (after) => search(calendar, zone, after),
      latest: (after, until) => latestByNext((instant) => answers.next(instant), after, until),
    });
    this.#answers = answers;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return dateOrNull(this.#answers.next(millis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return dateOrNull(this.#answers.latest(millis(after, 'after'), millis(until, 'until')));
  }

  inZone(timezone: string): Schedule {
    return this.#floating ? make(this.#rule, checkZone(timezone)) : this;
  }

  get words(): string {
    return inWords(this.#rule.fields) ?? this.spec;
  }
}
