import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import type { ZoneOptions } from './calendar-schedule.ts';
import { DAY, HOUR, MAX_INSTANT, MINUTE, SECOND, dateOrNull, millis } from './instants.ts';
import { interner } from './intern.ts';
import { roundInterval, roundUnit } from './round-interval.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { durationWords } from './words.ts';
import { checkZone } from './zone-names.ts';

/** Parts of an interval, added up as Python does; some may be fractions or negative, the sum not. */
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
  /** On round instants of a zone's clocks instead of counted from the anchor: see round-interval.ts. */
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
 * Due every so often, counted from the last time: elapsed time, whatever clocks do meanwhile, in whole
 * milliseconds. A `ConfigError` for unknown parts and for less than a millisecond.
 */
export function timedelta(parts: TimedeltaParts, options: TimedeltaOptions = {}): Schedule {
  return interval(total(parts), options);
}

/** A plain number in a configuration: due every so many seconds. */
export function everySeconds(seconds: number, options: TimedeltaOptions = {}): Schedule {
  return interval(total({ seconds }), options);
}

function total(parts: TimedeltaParts): number {
  const errors: Diagnostic[] = [];
  let sum = 0;
  for (const [key, value] of Object.entries(parts) as [string, unknown][]) {
    if (value === undefined) continue;
    const size = Object.hasOwn(PARTS, key) ? PARTS[key as keyof TimedeltaParts] : undefined;
    if (size === undefined) {
      const names = Object.keys(PARTS);
      const guess = didYouMean(key, names) || `; there are ${names.join(', ')}`;
      errors.push(errorAt([key], `is not a part of a timedelta${guess}`));
    } else if (typeof value !== 'number' || !Number.isFinite(value)) {
      errors.push(errorAt([key], `${show(value)} is not a number`));
    } else {
      sum += value * size;
    }
  }
  if (errors.length > 0) throw new ConfigError(errors);

  const every = Math.round(sum);
  if (sum >= 1 && every <= MAX_INSTANT) return every;
  const allowed = sum < 1 ? 'the least is one millisecond' : 'no date lies as far away as that';
  throw new ConfigError(`an interval of ${sum / SECOND} seconds cannot be scheduled: ${allowed}`);
}

const intern = interner<Interval>();

function interval(every: number, { relative = false, timezone }: TimedeltaOptions): Schedule {
  const own = timezone === undefined ? undefined : checkZone(timezone);
  const unit = relative ? roundUnit(every) : undefined;
  if (unit !== undefined) return roundInterval(every, unit, own);
  return intern(String(every), () => new Interval(every));
}

class Interval implements Schedule {
  readonly spec: string;
  readonly #every: number;

  constructor(every: number) {
    this.spec = `every(${every}ms)`;
    this.#every = every;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return dateOrNull(millis(after, 'after') + this.#every);
  }

  latest(after: Date, until: Date): Date | null {
    const start = millis(after, 'after');
    const times = Math.floor((millis(until, 'until') - start) / this.#every);
    return times < 1 ? null : dateOrNull(start + times * this.#every);
  }

  get words(): string {
    return `every ${durationWords(this.#every)}`;
  }
}
