import type { Entry } from '../catalog/entry.ts';
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
