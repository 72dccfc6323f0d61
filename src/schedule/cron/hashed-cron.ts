import { BeatError } from '../../util/errors.ts';
import type { Schedule } from '../schedule.ts';
import { checkZone } from '../zone/zone-names.ts';

/** Creates the schedule of an expression with `H` from the seed. */
type Make = (seed: string, timezone: string | undefined) => Schedule;

/**
 * A cron expression with `H` whose entry is not known yet. Resolving a configuration replaces it (`forEntry`);
 * until then `next` throws, because any answer would differ from the final schedule.
 */
export class HashedCron implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #line: string;
  readonly #own: string | undefined;
  readonly #make: Make;

  constructor(line: string, timezone: string | undefined, make: Make) {
    this.#line = line;
    this.#own = timezone === undefined ? undefined : checkZone(timezone);
    this.#make = make;
    this.timezone = this.#own ?? 'UTC';
    this.spec = `cron(${line.replace(/\s+/g, ' ')}) of an entry ${this.timezone}`;
    Object.freeze(this);
  }

  next(): Date | null {
    throw new BeatError(
      `cron("${this.#line}"): H is computed from the name of an entry, and this schedule has no entry; ` +
        'pass a seed: cron(…, {seed: "name"})',
    );
  }

  inZone(timezone: string): Schedule {
    return this.#own === undefined ? new HashedCron(this.#line, timezone, this.#make) : this;
  }

  /** The result still has no zone if this schedule has none. */
  forEntry(name: string): Schedule {
    return this.#make(name, this.#own);
  }
}
