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

/** All entries in the order of their next occurrence: a heap, so that a tick looks at what is due only. */
export class Agenda {
  readonly #heap = new TinyQueue<Item>([], byWakeAt);

  /**
   * Puts an entry in its place by its record, and not before an instant if it has to wait. One that will
   * never be due again is left out, and the answer is `false`.
   */
  add(entry: Entry, record: EntryState, notBefore = -Infinity): boolean {
    const dueAt = nextDueAt(entry, record);
    if (dueAt === Infinity) return false;
    this.#heap.push({ entry, state: record, dueAt, wakeAt: Math.max(dueAt, notBefore) });
    return true;
  }

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first. */
  take(now: number): Item[] {
    const due: Item[] = [];
    for (let top = this.#heap.peek(); top && top.wakeAt <= now; top = this.#heap.peek()) {
      due.push(top);
      this.#heap.pop();
    }
    return due;
  }

  /** When to look again: epoch milliseconds, `Infinity` when nothing will ever be due. */
  get wakeAt(): number {
    return this.#heap.peek()?.wakeAt ?? Infinity;
  }
}

function byWakeAt(a: Item, b: Item): number {
  return a.wakeAt - b.wakeAt || (a.entry.name < b.entry.name ? -1 : 1);
}
