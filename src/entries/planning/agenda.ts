import TinyQueue from 'tinyqueue';
import type { Entry } from '../catalog/entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { PreparedRun } from '../compose/compose.ts';
import { nextDueAt } from './next-due.ts';

export interface AgendaItem {
  readonly entry: Entry;
  readonly state: EntryState;
  /** Its next occurrence, epoch milliseconds. */
  readonly dueAt: number;
  /** When to deal with it, epoch milliseconds: at `dueAt`, unless it is paused or has to wait. */
  readonly wakeAt: number;
  /** Its next run, if that was prepared before it is due. */
  prepared?: PreparedRun | undefined;
}

/** An item in the order of instants. An outdated item stays there until it is passed over. */
interface QueuedItem extends AgendaItem {
  /** `false` when the entry was taken, or is queued again. */
  isCurrent: boolean;
}

/**
 * The entries of a term, by name and in the order of `wakeAt`, so that a tick visits due entries only. Many entries are
 * due together, so the heap has each instant once.
 */
export class Agenda {
  readonly #instants = new TinyQueue<number>();
  readonly #byInstant = new Map<number, QueuedItem[]>();
  readonly #byName = new Map<string, QueuedItem>();
  /** Items that were added after `upcoming` had passed their instants. */
  #added: QueuedItem[] = [];
  #passed = -Infinity;

  /** The current entry; also `undefined` while its change is being committed. */
  find(name: string): AgendaItem | undefined {
    const item = this.#byName.get(name);
    return item?.isCurrent ? item : undefined;
  }

  clear(): void {
    this.#instants.data.length = 0;
    this.#instants.length = 0;
    this.#byInstant.clear();
    this.#byName.clear();
    this.#added = [];
    this.#passed = -Infinity;
  }

  /**
   * Queues an entry by its state, at `notBefore` or later. An entry that is queued already is moved. Returns `false` if
   * the entry will never be due again.
   */
  add(entry: Entry, state: EntryState, notBefore = -Infinity): boolean {
    const dueAt = nextDueAt(entry, state);
    const wakeAt = Math.max(state.pause ? (state.pause.until ?? Infinity) : dueAt, notBefore);
    const previous = this.#byName.get(entry.name);
    if (previous) previous.isCurrent = false;
    const item = { entry, state, dueAt, wakeAt, isCurrent: true, prepared: undefined };
    this.#byName.set(entry.name, item);
    if (wakeAt <= this.#passed) this.#added.push(item);
    const together = this.#byInstant.get(wakeAt);
    if (together) together.push(item);
    else if (wakeAt !== Infinity) {
      this.#byInstant.set(wakeAt, [item]);
      this.#instants.push(wakeAt);
    }
    return dueAt !== Infinity;
  }

  *[Symbol.iterator](): Generator<AgendaItem> {
    for (const item of this.#byName.values()) if (item.isCurrent) yield item;
  }

  remove(name: string): void {
    const item = this.#byName.get(name);
    if (item) item.isCurrent = false;
    this.#byName.delete(name);
  }

  /**
   * Yields the items to deal with by `until` (epoch milliseconds), each once, earliest first. A call whose caller stops
   * early is continued by the next, which may yield items again.
   */
  *upcoming(until: number): Generator<AgendaItem> {
    for (let item = this.#added.pop(); item; item = this.#added.pop()) if (item.isCurrent) yield item;
    if (until <= this.#passed) return;
    const instants = this.#instants.data.filter((at) => at > this.#passed && at <= until);
    for (const at of instants.sort((a, b) => a - b)) {
      this.#passed = at - 1;
      for (const item of this.#byInstant.get(at) ?? []) if (item.isCurrent) yield item;
    }
    this.#passed = until;
  }

  /** Whether items were added after `upcoming` had passed their instants. */
  get hasAdded(): boolean {
    return this.#added.length > 0;
  }

  /** The instant up to which `upcoming` has yielded items: epoch milliseconds. */
  get passed(): number {
    return this.#passed;
  }

  /** Removes and returns what is due at `now` (epoch milliseconds), earliest first, then by name. */
  take(now: number): AgendaItem[] {
    const due: AgendaItem[] = [];
    while (this.wakeAt <= now) {
      const items = this.#removeFirst().filter(({ isCurrent }) => isCurrent);
      // After a burst the entries are already in this order, so the sort is cheap.
      for (const item of items.sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1))) {
        item.isCurrent = false;
        due.push(item);
      }
    }
    return due;
  }

  /** When to look again: epoch milliseconds, `Infinity` when nothing will ever be due. */
  get wakeAt(): number {
    for (let at = this.#instants.peek(); at !== undefined; at = this.#instants.peek()) {
      const items = this.#byInstant.get(at)!;
      while (items.at(-1)?.isCurrent === false) items.pop();
      if (items.length > 0) return at;
      this.#removeFirst();
    }
    return Infinity;
  }

  #removeFirst(): QueuedItem[] {
    const at = this.#instants.pop()!;
    const items = this.#byInstant.get(at)!;
    this.#byInstant.delete(at);
    return items;
  }
}
