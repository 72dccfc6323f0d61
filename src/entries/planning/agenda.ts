import TinyQueue from 'tinyqueue';
import type { Entry } from '../catalog/entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import { nextDueAt } from './next-due.ts';

/** An entry with what was dealt with, waiting for its next occurrence. */
export interface Item {
  readonly entry: Entry;
  readonly state: EntryState;
  /** Its next occurrence, epoch milliseconds. */
  readonly dueAt: number;
  /** When to deal with it, epoch milliseconds: then, unless it has to wait. */
  readonly wakeAt: number;
}

/** An item in its place. One that is no longer valid is passed over, not removed. */
interface Place extends Item {
  /** `false` when the entry was taken, or has another place. */
  isCurrent: boolean;
}

/**
 * The entries of a term by name, and those that will be due by the instant when to deal with them, so that a tick looks at
 * what is due only. Many entries are due together: they share one place in the order of instants.
 */
export class Agenda {
  readonly #instants = new TinyQueue<number>();
  readonly #byInstant = new Map<number, Place[]>();
  readonly #places = new Map<string, Place>();

  /** The current entry; also `undefined` while its change is being committed. */
  find(name: string): Item | undefined {
    const place = this.#places.get(name);
    return place?.isCurrent ? place : undefined;
  }

  /**
   * Puts an entry in its place by its state, instead of any place that it had, and not before an instant if it
   * has to wait. Returns `false` if the entry will never be due again.
   */
  add(entry: Entry, state: EntryState, notBefore = -Infinity): boolean {
    const dueAt = nextDueAt(entry, state);
    const resumesAt = state.pause ? (state.pause.until ?? Infinity) : -Infinity;
    const wakeAt = state.pause ? Math.max(resumesAt, notBefore) : Math.max(dueAt, notBefore);
    const previous = this.#places.get(entry.name);
    if (previous) previous.isCurrent = false;
    const place = { entry, state, dueAt, wakeAt, isCurrent: true };
    this.#places.set(entry.name, place);
    if (wakeAt !== Infinity) this.#insert(place);
    return dueAt !== Infinity;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const place of this.#places.values()) if (place.isCurrent) yield place;
  }

  remove(name: string): void {
    const place = this.#places.get(name);
    if (place) place.isCurrent = false;
    this.#places.delete(name);
  }

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first, then by name. */
  take(now: number): Item[] {
    const due: Item[] = [];
    while (this.wakeAt <= now) {
      const places = this.#removeFirst().filter(({ isCurrent }) => isCurrent);
      for (const place of places.sort(byName)) {
        place.isCurrent = false;
        due.push(place);
      }
    }
    return due;
  }

  /** When to look again: epoch milliseconds, `Infinity` when nothing will ever be due. */
  get wakeAt(): number {
    for (let at = this.#instants.peek(); at !== undefined; at = this.#instants.peek()) {
      const places = this.#byInstant.get(at)!;
      while (places.at(-1)?.isCurrent === false) places.pop();
      if (places.length > 0) return at;
      this.#removeFirst();
    }
    return Infinity;
  }

  #insert(place: Place): void {
    const { wakeAt } = place;
    const together = this.#byInstant.get(wakeAt);
    if (together) {
      together.push(place);
      return;
    }
    this.#byInstant.set(wakeAt, [place]);
    this.#instants.push(wakeAt);
  }

  /** Removes the earliest instant, and returns its places. */
  #removeFirst(): Place[] {
    const at = this.#instants.pop()!;
    const places = this.#byInstant.get(at)!;
    this.#byInstant.delete(at);
    return places;
  }
}

/** Entries that are scheduled in this order again, as after a burst, are hardly to be sorted. */
function byName(a: Item, b: Item): number {
  return a.entry.name < b.entry.name ? -1 : 1;
}
