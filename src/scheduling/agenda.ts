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

/**
 * The entries of a term by name, and those that will be due in the order of their next occurrence: a heap, so
 * that a tick looks at what is due only.
 */
export class Agenda {
  readonly #heap = new TinyQueue<Item>([], byWakeAt);
  readonly #items = new Map<string, Item>();

  /** An entry as it stands; `undefined` while its change is being committed, too. */
  find(name: string): Item | undefined {
    return this.#items.get(name);
  }

  /**
   * Puts an entry in its place by its state, instead of any place that it had, and not before an instant if it
   * has to wait. Returns `false` for one that will never be due again.
   */
  add(entry: Entry, state: EntryState, notBefore = -Infinity): boolean {
    const dueAt = nextDueAt(entry, state);
    const resumesAt = state.pause ? (state.pause.until ?? Infinity) : -Infinity;
    const wakeAt = state.pause ? Math.max(resumesAt, notBefore) : Math.max(dueAt, notBefore);
    const item = { entry, state, dueAt, wakeAt };
    this.#items.set(entry.name, item);
    if (wakeAt !== Infinity) this.#heap.push(item);
    return dueAt !== Infinity;
  }

  remove(name: string): void {
    this.#items.delete(name);
  }

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first. */
  take(now: number): Item[] {
    const due: Item[] = [];
    for (let top = this.#top(); top && top.wakeAt <= now; top = this.#top()) {
      due.push(top);
      this.#heap.pop();
      this.#items.delete(top.entry.name);
    }
    return due;
  }

  /** When to look again: epoch milliseconds, `Infinity` when nothing will ever be due. */
  get wakeAt(): number {
    return this.#top()?.wakeAt ?? Infinity;
  }

  /** The first item that is still its entry's: an entry that was put elsewhere leaves its old item behind. */
  #top(): Item | undefined {
    let top = this.#heap.peek();
    while (top && this.#items.get(top.entry.name) !== top) {
      this.#heap.pop();
      top = this.#heap.peek();
    }
    return top;
  }
}

function byWakeAt(a: Item, b: Item): number {
  return a.wakeAt - b.wakeAt || (a.entry.name < b.entry.name ? -1 : 1);
}
