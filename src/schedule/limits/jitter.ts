import { MAX_INSTANT, toDate, toMillis } from '../instants.ts';
import { nextAfter } from '../next-after.ts';
import type { Explanation, Schedule } from '../schedule.ts';
import { stableHash } from '../stable-hash.ts';
import { describeLength } from '../description.ts';
import { explainInstant, localText } from './explain.ts';
import { latestFixed } from './latest-fixed.ts';

/**
 * Delays each occurrence of a schedule with fixed instants by less than `jitter` milliseconds, and never up to the next
 * occurrence, so that they stay strictly increasing. The delay is a hash of the seed, the name of an entry, and the
 * nominal instant: every instance computes the same.
 */
export function jittered(schedule: Schedule, jitter: number, seed: string): Schedule {
  return new Jittered(schedule, jitter, seed);
}

class Jittered implements Schedule {
  readonly spec: string;
  readonly timezone?: string | undefined;
  readonly #nominal: Schedule;
  readonly #jitter: number;
  readonly #seed: string;

  constructor(nominal: Schedule, jitter: number, seed: string) {
    this.spec = `${nominal.spec} jitter(${jitter}ms ${JSON.stringify(seed)})`;
    if (nominal.timezone !== undefined) this.timezone = nominal.timezone;
    this.#nominal = nominal;
    this.#jitter = jitter;
    this.#seed = seed;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    const start = toMillis(after, 'after');
    const passed = this.#newest(start);
    const delayed = passed === null ? -Infinity : this.#delay(passed);
    return toDate(delayed > start ? delayed : this.#delay(nextAfter(this.#nominal, start)));
  }

  latest(after: Date, until: Date): Date | null {
    const [start, end] = [toMillis(after, 'after'), toMillis(until, 'until')];
    let newest = latestNominal(this.#nominal, start - this.#jitter, end);
    if (newest !== null && this.#delay(newest) > end) {
      newest = latestNominal(this.#nominal, start - this.#jitter, newest - 1);
    }
    const delayed = newest === null ? -Infinity : this.#delay(newest);
    return delayed > start ? toDate(delayed) : null;
  }

  /** The fields are compared with the nominal instant if this is a delayed one. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const { timezone = 'UTC' } = this;
    const nominal = this.#newest(instant);
    const delayed = nominal === null ? null : this.#delay(nominal);
    const isDelayed = delayed === instant;
    const inner = explainInstant(this.#nominal, isDelayed ? nominal! : instant, timezone);
    const value =
      nominal === null || delayed! < instant
        ? 'no occurrence is being delayed'
        : `${localText(nominal, timezone)} is delayed to ${localText(delayed!, timezone)}`;
    const jitter = { field: 'jitter', rule: this.#words, value, matches: isDelayed };
    return { ...inner, fields: [...inner.fields, jitter] };
  }

  get description(): string {
    const { spec, description = spec } = this.#nominal;
    return `${description}, ${this.#words}`;
  }

  get #words(): string {
    return `up to ${describeLength(this.#jitter)} later`;
  }

  /** The newest nominal instant up to `until` whose delay may end after it. */
  #newest(until: number): number | null {
    return latestNominal(this.#nominal, until - this.#jitter, until);
  }

  #delay(nominal: number): number {
    if (nominal === Infinity) return Infinity;
    const gap = nextAfter(this.#nominal, nominal) - nominal;
    const share = stableHash(`${this.#seed} ${nominal}`) / 2 ** 32;
    return nominal + Math.floor(share * Math.min(this.#jitter, gap));
  }
}

function latestNominal(schedule: Schedule, after: number, until: number): number | null {
  const start = Math.max(after, -MAX_INSTANT);
  return start < until ? latestFixed(schedule, start, until) : null;
}
