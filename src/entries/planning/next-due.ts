import TinyQueue from 'tinyqueue';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';

/** The instant after which the entry's next occurrence is looked for. Epoch milliseconds. */
export function cursor(state: EntryState): number {
  return state.dueAt === null ? state.anchor : Math.max(state.anchor, state.dueAt);
}

/** The next occurrence by the state; `Infinity` when there is none. Epoch milliseconds. */
export function nextDueAt(entry: Entry, state: EntryState): number {
  return nextAfter(entry.schedule, cursor(state));
}

/** When the leader must deal with an entry next: when it is due, or its pause ends; `Infinity` for never. Epoch milliseconds. */
export function nextWakeAt(entry: Entry, state: EntryState): number {
  return state.pause ? (state.pause.until ?? Infinity) : nextDueAt(entry, state);
}

/** The instant of `nextWakeAt` as stores index it: `null` for never. */
export function indexedDueAt(entry: Entry, state: EntryState): number | null {
  const wakeAt = entry.enabled ? nextWakeAt(entry, state) : Infinity;
  return wakeAt === Infinity ? null : wakeAt;
}

/**
 * The instant after which the first occurrence of an entry without state is looked for. Epoch milliseconds. A last run
 * under another scheduler may be in the future, by a wrong clock: the entry then counts from `now`.
 */
export function firstAnchor({ lastRunAt = Infinity }: Entry, now: number): number {
  return Math.min(lastRunAt, now);
}

/**
 * The next `count` occurrences of each entry strictly later than `after` (epoch milliseconds), all in the order of
 * time, then of names, as they are sent. It uses the schedules without the states of the ledger, so intervals count
 * from `after`.
 */
export function* upcoming(entries: readonly Entry[], after: number, count: number): Generator<Occurrence> {
  const heap = new TinyQueue<Occurrence & { left: number }>(
    [],
    (a, b) => a.dueAt - b.dueAt || (a.entry.name < b.entry.name ? -1 : 1),
  );
  const push = (entry: Entry, from: number, left: number) => {
    const dueAt = left > 0 ? nextAfter(entry.schedule, from) : Infinity;
    if (dueAt !== Infinity) heap.push({ entry, dueAt, left });
  };
  for (const entry of entries) push(entry, after, count);
  for (let top = heap.pop(); top; top = heap.pop()) {
    yield { entry: top.entry, dueAt: top.dueAt };
    push(top.entry, top.dueAt, top.left - 1);
  }
}
