import type { Entry } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { advance, newState, type EntryState } from '../../contracts/store/entry-state.ts';

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

/** The same as the index of stored entries has it: `null` for never. */
export function indexedDueAt(entry: Entry, state: EntryState): number | null {
  const wakeAt = nextWakeAt(entry, state);
  return wakeAt === Infinity ? null : wakeAt;
}

/**
 * The instant after which the first occurrence of an entry without state is looked for. Epoch milliseconds. A last
 * run under another scheduler may be ahead of the clock here by mistake: the entry then counts from `now`.
 */
export function firstAnchor({ lastRunAt = Infinity }: Entry, now: number): number {
  return Math.min(lastRunAt, now);
}

/** The state that an entry starts its term with, and what is new about it; `null` for no change. */
export interface Reconciled {
  readonly state: EntryState;
  readonly change: 'added' | 'edited' | 'enabled' | 'disabled' | 'removed' | null;
}

/**
 * Compares an entry of the configuration with its state at the beginning of a term. An entry seen for the first
 * time without a last run elsewhere, an edited schedule, and an entry that was disabled or removed before all start
 * from now and do not catch up. The run count stays. `null` when there is nothing to store.
 */
export function reconcile(
  entry: Entry | undefined,
  state: EntryState | undefined,
  now: number,
): Reconciled | null {
  if (!entry?.enabled) {
    if (!state) return null;
    if (state.spec === null) return { state, change: null };
    return { state: advance(state, { spec: null }), change: entry ? 'disabled' : 'removed' };
  }
  const { spec } = entry.schedule;
  if (!state) return { state: newState(spec, firstAnchor(entry, now)), change: 'added' };
  if (state.spec === spec) return { state, change: null };
  const change = state.spec === null ? 'enabled' : 'edited';
  return { state: advance(state, { spec, anchor: now }), change };
}
