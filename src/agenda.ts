import TinyQueue from 'tinyqueue';
import type { Entry } from './entry.ts';
import type { LedgerRecord } from './ledger/ledger.ts';
import { nextDueAt } from './plan.ts';

/** An entry with what was dealt with, waiting for its next occurrence. */
export interface Item {
  readonly entry: Entry;
  readonly record: LedgerRecord;
  /** Epoch milliseconds. */
  readonly dueAt: number;
}

/** All entries in the order of their next occurrence: a heap, so that a tick looks at what is due only. */
export class Agenda {
  readonly #heap = new TinyQueue<Item>([], byDueAt);

  /** Puts an entry in its place by its record; one that will never be due again is left out. */
  add(entry: Entry, record: LedgerRecord): void {
    const dueAt = nextDueAt(entry, record);
    if (dueAt !== Infinity) this.#heap.push({ entry, record, dueAt });
  }

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first. */
  take(now: number): Item[] {
    const due: Item[] = [];
    for (let top = this.#heap.peek(); top && top.dueAt <= now; top = this.#heap.peek()) {
      due.push(top);
      this.#heap.pop();
    }
    return due;
  }

  /** When the next entry is due: epoch milliseconds, `Infinity` when none ever is. */
  get nextDueAt(): number {
    return this.#heap.peek()?.dueAt ?? Infinity;
  }
}

function byDueAt(a: Item, b: Item): number {
  return a.dueAt - b.dueAt || (a.entry.name < b.entry.name ? -1 : 1);
}
