import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError, withErrors } from '../../util/errors.ts';
import { readTime } from '../at.ts';
import type { ZoneOptions } from '../calendar/calendar-schedule.ts';
import { explainClocks } from '../calendar/calendar-text.ts';
import { describeLocal } from '../text.ts';
import { nextElapsed, nextFixed } from '../calendar/clock-changes.ts';
import { SECOND, toMillis } from '../instants.ts';
import { interner, CachedSchedule } from '../searched-schedule.ts';
import { Recurrence } from './recurrence.ts';
import { formatRule, parseRule } from './rrule-text.ts';
import { isInstant, parseUntil, type RecurrenceRule } from './recurrence-days.ts';
import { describeRule, explainRule } from './describe-rule.ts';
import type { Explanation, Schedule } from '../schedule.ts';
import { checkZone } from '../zone/zone-names.ts';
import { getZone, type Zone } from '../zone/zone.ts';

export interface RRuleOptions extends ZoneOptions {
  /**
   * The start of the rule, whose date and time recur unless the rule says otherwise: `FREQ=DAILY` is due at its time. A
   * `Date` or ISO 8601 text; a text without an offset is local time. By default midnight of 1 January 2000.
   */
  readonly dtstart?: string | Date | undefined;
}

const intern = interner<RecurrenceSchedule>();

/**
 * A recurrence rule of RFC 5545 such as `FREQ=MONTHLY;BYDAY=-1FR`. docs/time.md describes the allowed parts,
 * clock-changes.ts the rules for clock changes. Throws a `ConfigError` with every error.
 */
export function rrule(text: string, { dtstart, timezone }: RRuleOptions = {}): Schedule {
  if (typeof text !== 'string') throw new ConfigError('expected a rule such as FREQ=DAILY');
  const rule = parseRule(text);
  if (dtstart === undefined) checkStart(rule);
  return make(rule, parseStart(dtstart), timezone === undefined ? undefined : checkZone(timezone));
}

/** Reads `dtstart` in a zone, as epoch milliseconds of a local time as if it were UTC. */
type Start = (timezone: string) => number;

const DEFAULT_START = Date.UTC(2000, 0);

function parseStart(dtstart: string | Date | undefined): Start {
  if (dtstart === undefined) return () => DEFAULT_START;
  const { time, isLocal } = withErrors(
    () => readTime(dtstart),
    ({ message }) => errorAt(['dtstart'], message),
  );
  return (timezone) => {
    // A local time that a clock change skips stays as it is written.
    const offset = isLocal ? 0 : getZone(timezone).spanAt(time).offset;
    return Math.floor((time + offset) / SECOND) * SECOND;
  };
}

/** Reports rules whose occurrences depend on where they begin. */
function checkStart({ interval, count, freq, days, yearDays, monthDays }: RecurrenceRule): void {
  const isOpen = freq === 'WEEKLY' && days.length + yearDays.length + monthDays.length === 0;
  const part = [
    interval > 1 && `INTERVAL=${interval}`,
    count !== undefined && `COUNT=${count}`,
    isOpen && 'FREQ=WEEKLY without BYDAY',
  ].find((each) => each !== false);
  if (part !== undefined) throw new ConfigError(`${part} needs dtstart: when the rule begins`);
}

function make(rule: RecurrenceRule, start: Start, timezone: string | undefined): Schedule {
  const zone = timezone ?? 'UTC';
  const local = start(zone);
  const since = new Date(local).toISOString().replace('.000Z', '');
  const spec = `rrule(${formatRule(rule)} from ${since}) ${zone}`;
  const create = () => new RecurrenceSchedule(spec, timezone, rule, local, (other) => make(rule, start, other));
  // inZone can still change the zone of a rule without one.
  return timezone === undefined ? create() : intern(spec, create);
}

class RecurrenceSchedule extends CachedSchedule {
  readonly #recurrence: Recurrence;
  /** The local time of `dtstart`. */
  readonly #start: number;
  readonly #zone: Zone;
  readonly #end: number;

  constructor(
    spec: string,
    timezone: string | undefined,
    rule: RecurrenceRule,
    start: number,
    inZone: (timezone: string) => Schedule,
  ) {
    super(spec, timezone, inZone);
    this.#recurrence = new Recurrence(rule, start);
    this.#start = start;
    this.#zone = getZone(timezone ?? 'UTC');
    const { until } = rule;
    this.#end = until !== undefined && isInstant(until) ? parseUntil(until) : Infinity;
  }

  protected search(after: number): number | null {
    const search = this.#recurrence.isElapsed ? nextElapsed : nextFixed;
    const next = search(this.#recurrence, this.#zone, after);
    return next === null || next > this.#end ? null : next;
  }

  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const local = instant + this.#zone.spanAt(instant).offset;
    const shown = `${describeLocal(local)} ${this.#zone.name}`;
    const fields = explainRule(this.#recurrence, local, this.#start);
    if (instant > this.#end) {
      const rule = this.#recurrence.rule.until!;
      const limit = { field: 'UNTIL', rule, value: at.toISOString(), matches: false };
      return { local: shown, fields: [...fields, limit], notes: [] };
    }
    const matches = fields.every((field) => field.matches);
    const isDue = this.findNext(instant - 1) === instant;
    return { local: shown, fields, notes: explainClocks(local, matches, isDue) };
  }

  get description(): string {
    return describeRule(this.#recurrence.rule, this.#start === DEFAULT_START ? undefined : this.#start);
  }
}
