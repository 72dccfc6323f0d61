import { DAY, SECOND } from '../instants.ts';
import { Recurrence } from '../rrule/recurrence.ts';
import type { CalendarEvent } from './event.ts';

/** What says when an event begins. */
export type Beginnings = Pick<
  CalendarEvent,
  'start' | 'rule' | 'added' | 'removed' | 'removedDays'
>;

/** The local times at which an event begins. As RFC 5545 has it, the first one counts even if the rule does not have it. */
export class EventStarts {
  readonly #event: Beginnings;
  readonly #recurrence: Recurrence | undefined;
  readonly #added: readonly number[];

  constructor(event: Beginnings) {
    const { rule, start, added } = event;
    this.#event = event;
    this.#recurrence = rule && new Recurrence(rule, start);
    this.#added = [start, ...added].toSorted((a, b) => a - b);
  }

  /** Returns the first one at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    let from = local;
    for (;;) {
      const found = this.#first(from);
      if (found === Infinity) return null;
      if (!this.#isRemoved(found)) return found;
      from = found + SECOND;
    }
  }

  #first(from: number): number {
    const added = this.#added.find((each) => each >= from) ?? Infinity;
    return Math.min(this.#recurrence?.firstFrom(from) ?? Infinity, added);
  }

  #isRemoved(local: number): boolean {
    const { removed, removedDays } = this.#event;
    return removed.has(local) || removedDays.has(Math.floor(local / DAY) * DAY);
  }
}
