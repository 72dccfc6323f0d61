import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import type { ZoneOptions } from './calendar/calendar-schedule.ts';
import { DAY, HOUR, MAX_INSTANT, MINUTE, SECOND, toDate, toMillis } from './instants.ts';
import { roundInterval, roundUnit } from './round-interval.ts';
import type { Schedule } from './schedule.ts';
import { quote } from './quote.ts';
import { describeDuration } from './description.ts';
import { checkZone } from './zone/zone-names.ts';

/** Parts of an interval, added as in Python; parts may be negative or fractions, the sum must be positive. */
export interface TimedeltaParts {
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly microseconds?: number | undefined;
}

export interface TimedeltaOptions extends ZoneOptions {
  /** On round instants of the zone instead of counted from the anchor: see round-interval.ts. */
  readonly relative?: boolean | undefined;
}

const PARTS: Readonly<Record<keyof TimedeltaParts, number>> = {
  weeks: 7 * DAY,
  days: DAY,
  hours: HOUR,
  minutes: MINUTE,
  seconds: SECOND,
  milliseconds: 1,
  microseconds: 0.001,
};

/**
 * An interval, counted from the previous occurrence in elapsed time, regardless of clock changes, in whole
 * milliseconds. Throws a `ConfigError` for unknown parts and for less than a millisecond.
 */
export function timedelta(parts: TimedeltaParts, options: TimedeltaOptions = {}): Schedule {
  return interval(total(parts), options);
}

/** The schedule of a plain number in a configuration: an interval in seconds. */
export function everySeconds(seconds: number, options: TimedeltaOptions = {}): Schedule {
  return interval(total({ seconds }), options);
}

function total(parts: TimedeltaParts): number {
  const errors: Diagnostic[] = [];
  let sum = 0;
  for (const [key, value] of Object.entries(parts) as [string, unknown][]) {
    if (errors.length === MAX_PROBLEMS) break;
    if (value === undefined) continue;
    const size = Object.hasOwn(PARTS, key) ? PARTS[key as keyof TimedeltaParts] : undefined;
    if (size === undefined) {
      const names = Object.keys(PARTS);
      const guess = didYouMean(key, names) || `; allowed: ${names.join(', ')}`;
      errors.push(errorAt([key], `unknown unit${guess}`));
    } else if (typeof value !== 'number' || !Number.isFinite(value)) {
      errors.push(errorAt([key], `${quote(value)} is not a number`));
    } else {
      sum += value * size;
    }
  }
  if (errors.length > 0) throw new ConfigError(errors);

  const every = Math.round(sum);
  if (sum >= 1 && every <= MAX_INSTANT) return every;
  const allowed = sum < 1 ? 'the minimum is one millisecond' : 'it exceeds the range of dates';
  throw new ConfigError(`an interval of ${sum / SECOND} seconds cannot be scheduled: ${allowed}`);
}

function interval(every: number, { relative = false, timezone }: TimedeltaOptions): Schedule {
  const own = timezone === undefined ? undefined : checkZone(timezone);
  const unit = relative ? roundUnit(every) : undefined;
  if (unit !== undefined) return roundInterval(every, unit, own);
  return new Interval(every);
}

class Interval implements Schedule {
  readonly spec: string;
  readonly every: number;

  constructor(every: number) {
    this.spec = `every(${every}ms)`;
    this.every = every;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return toDate(toMillis(after, 'after') + this.every);
  }

  latest(after: Date, until: Date): Date | null {
    const start = toMillis(after, 'after');
    const times = Math.floor((toMillis(until, 'until') - start) / this.every);
    return times < 1 ? null : toDate(start + times * this.every);
  }

  get description(): string {
    return `every ${describeDuration(this.every)}`;
  }
}
