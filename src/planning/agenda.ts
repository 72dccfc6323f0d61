import TinyQueue from 'tinyqueue';
import type { Entry } from '../catalog/entry.ts';
import type { EntryState } from '../store/entry-state.ts';
import { nextDueAt } from './plan.ts';

/** An entry with what was dealt with, waiting for its next occurrence. */
export interface Item {
  readonly entry: Entry;
  readonly state: EntryState;
  /** Its next occurrence, epoch milliseconds. */
  readonly dueAt: number;
  /** When to deal with it, epoch milliseconds: then, unless it has to wait. */
  readonly wakeAt: number;
}

/** An item on the heap. The heap does not remove one that is no longer valid, it passes over it. */
interface Place extends Item {
  /** `false` when the entry was taken, or has another place. */
  isCurrent: boolean;
}

/**
 * The entries of a term by name, and those that will be due in the order of their next occurrence: a heap, so
 * that a tick looks at what is due only.
 */
export class Agenda {
  readonly #heap = new TinyQueue<Place>([], byWakeAt);
  readonly #places = new Map<string, Place>();

  /** The current entry; also `undefined` while its change is being committed. */
  find(name: string): Item | undefined {
    const place = this.#places.get(name);
    return place?.isCurrent ? place : undefined;
  }

  /**
   * Puts an entry in its place by its state, instead of any place that it had, and not before an instant if it
   * has to wait. Returns `false` for one that will never be due again.
   */
  add(entry: Entry, state: EntryState, notBefore = -Infinity): boolean {
    const dueAt = nextDueAt(entry, state);
    const resumesAt = state.pause ? (state.pause.until ?? Infinity) : -Infinity;
    const wakeAt = state.pause ? Math.max(resumesAt, notBefore) : Math.max(dueAt, notBefore);
    const previous = this.#places.get(entry.name);
    if (previous) previous.isCurrent = false;
    const place = { entry, state, dueAt, wakeAt, isCurrent: true };
    this.#places.set(entry.name, place);
    if (wakeAt !== Infinity) this.#heap.push(place);
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

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first. */
  take(now: number): Item[] {
    const due: Item[] = [];
    for (let top = this.#top(); top && top.wakeAt <= now; top = this.#top()) {
      due.push(top);
      this.#heap.pop();
      top.isCurrent = false;
    }
    return due;
  }

  /** When to look again: epoch milliseconds, `Infinity` when nothing will ever be due. */
  get wakeAt(): number {
    return this.#top()?.wakeAt ?? Infinity;
  }

  /** The first item that is current. */
  #top(): Place | undefined {
    let top = this.#heap.peek();
    while (top && !top.isCurrent) {
      this.#heap.pop();
      top = this.#heap.peek();
    }
    return top;
  }
}

function byWakeAt(a: Item, b: Item): number {
  return a.wakeAt - b.wakeAt || (a.entry.name < b.entry.name ? -1 : 1);
}
