import { CachedSchedule, interner } from '../searched-schedule.ts';
import { formatCron, explainCalendar, describeFields } from './calendar-text.ts';
import { Calendar, type CalendarFields } from './calendar.ts';
import { nextElapsed, nextFixed } from './clock-changes.ts';
import { toMillis } from '../instants.ts';
import type { Explanation, Schedule, ScheduleWarning } from '../schedule.ts';
import { checkZone } from '../zone/zone-names.ts';
import { getZone, type Zone } from '../zone/zone.ts';

export interface CalendarRule {
  readonly fields: CalendarFields;
  readonly warnings?: readonly ScheduleWarning[] | undefined;
  /** The minute or hour field has `*`, a range or a step: see clock-changes.ts. */
  readonly elapsed: boolean;
}

export interface ZoneOptions {
  /** The IANA zone of the fields; by default the zone of the configuration, or UTC. */
  readonly timezone?: string | undefined;
}

const intern = interner<CalendarSchedule>();

/** The schedule of a rule, one object for equal rules of any grammar. Throws a `ConfigError` for an unknown zone. */
export function calendarSchedule(rule: CalendarRule, { timezone }: ZoneOptions): Schedule {
  return make(rule, timezone === undefined ? undefined : checkZone(timezone));
}

function make(rule: CalendarRule, timezone: string | undefined): CalendarSchedule {
  const { fields, elapsed, warnings } = rule;
  const days = fields.union ? ' either-day' : '';
  const spec = `cron(${formatCron(fields)})${days} ${elapsed ? 'elapsed' : 'fixed'} ${timezone ?? 'UTC'}`;
  // A rule without a zone uses UTC, but inZone can still change that.
  const key = JSON.stringify([spec, timezone, warnings]);
  return intern(key, () => new CalendarSchedule(rule, spec, timezone));
}

class CalendarSchedule extends CachedSchedule {
  readonly #rule: CalendarRule;
  readonly #calendar: Calendar;
  readonly #zone: Zone;

  constructor(rule: CalendarRule, spec: string, timezone: string | undefined) {
    super(spec, timezone, (zone) => make(rule, zone));
    this.#rule = rule;
    this.#calendar = new Calendar(rule.fields);
    this.#zone = getZone(timezone ?? 'UTC');
  }

  get warnings(): readonly ScheduleWarning[] | undefined {
    return this.#rule.warnings;
  }

  protected search(after: number): number | null {
    const next = this.#rule.elapsed ? nextElapsed : nextFixed;
    return next(this.#calendar, this.#zone, after);
  }

  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    return explainCalendar(this.#rule.fields, this.#zone, instant, this.findNext(instant - 1) === instant);
  }

  get description(): string {
    return describeFields(this.#rule.fields) ?? this.spec;
  }
}
