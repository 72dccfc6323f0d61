import { BeatError } from '../util/errors.ts';
import type { Schedule } from './schedule.ts';
import { checkZone } from './zone-names.ts';

/** Makes the schedule of an expression with `H`, given the seed. */
type Make = (seed: string, timezone: string | undefined) => Schedule;

/**
 * A cron expression with `H` that does not know yet which entry it belongs to. Reading a configuration
 * replaces it (`forEntry`); until then it has no instants, because a guess would differ from what is
 * sent later.
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
      `cron("${this.#line}"): H is worked out from the name of an entry, and this schedule has none; ` +
        'pass a seed: cron(…, {seed: "name"})',
    );
  }

  inZone(timezone: string): Schedule {
    return this.#own === undefined ? new HashedCron(this.#line, timezone, this.#make) : this;
  }

  /** In the zone it was given; without one it may still be moved. */
  forEntry(name: string): Schedule {
    return this.#make(name, this.#own);
  }
}
