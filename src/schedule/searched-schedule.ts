import { toDate, toMillis } from './instants.ts';
import { latestByNext } from './next-after.ts';
import type { Schedule } from './schedule.ts';
import { checkZone } from './zone/zone-names.ts';

/** A schedule whose instants are searched in epoch milliseconds. */
export abstract class SearchedSchedule implements Schedule {
  readonly spec: string;
  /** Absent, not undefined, for rules without a zone. */
  declare readonly timezone?: string;
  readonly #make: ((timezone: string) => Schedule) | undefined;
  /** The zone that was last asked for, and this schedule in it: entries that share a schedule mostly share the zone. */
  #zone: string | undefined;
  #inZone: Schedule = this;

  /** With `make`, a schedule without a zone of its own is in UTC until `inZone` is called. */
  constructor(spec: string, timezone?: string, make?: (timezone: string) => Schedule) {
    this.spec = spec;
    const zone = timezone ?? (make && 'UTC');
    if (zone !== undefined) this.timezone = zone;
    this.#make = timezone === undefined ? make : undefined;
  }

  inZone(timezone: string): Schedule {
    if (this.#make && timezone !== this.#zone) {
      this.#inZone = this.#make(checkZone(timezone));
      this.#zone = timezone;
    }
    return this.#inZone;
  }

  next(after: Date): Date | null {
    return toDate(this.findNext(toMillis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return toDate(this.findLatest(toMillis(after, 'after'), toMillis(until, 'until')));
  }

  /** `null` or `Infinity` for none. */
  protected abstract findNext(after: number): number | null;

  /** The newest instant in `(after, until]`. */
  protected findLatest(after: number, until: number): number | null {
    return latestByNext((instant) => this.findNext(instant), after, until);
  }
}

/** Caches the last answers, which hold from the argument on: entries that share a schedule ask about close instants. */
export abstract class CachedSchedule extends SearchedSchedule {
  // No occurrence lies between #asked and #due. #due is Infinity if no occurrence follows #asked.
  #asked = Infinity;
  #due = -Infinity;
  // No occurrence lies between #newest and #until, or between #since and #until if #newest is null.
  #since = Infinity;
  #until = -Infinity;
  #newest: number | null = null;

  protected abstract search(after: number): number | null;

  protected searchLatest(after: number, until: number): number | null {
    return super.findLatest(after, until);
  }

  protected override findNext(after: number): number {
    if (after < this.#asked || after >= this.#due) {
      this.#due = this.search(after) ?? Infinity;
      this.#asked = after;
    }
    return this.#due;
  }

  protected override findLatest(after: number, until: number): number | null {
    const known = until === this.#until && (this.#newest !== null || after >= this.#since);
    if (!known) {
      this.#newest = this.searchLatest(after, until);
      this.#since = after;
      this.#until = until;
    }
    return this.#newest !== null && this.#newest > after ? this.#newest : null;
  }
}

/** Returns a function that shares one object per key, held weakly: many entries have equal schedules and answers. */
export function interner<T extends object>(): (key: string, make: () => T) => T {
  const known = new Map<string, WeakRef<T>>();
  const forget = new FinalizationRegistry<string>((key) => {
    // A new object may have been stored under the same key since.
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return (key, make) => {
    const old = known.get(key)?.deref();
    if (old !== undefined) return old;
    const made = make();
    known.set(key, new WeakRef(made));
    forget.register(made, key);
    return made;
  };
}
