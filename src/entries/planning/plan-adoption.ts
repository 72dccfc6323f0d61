import type { Entry } from '../catalog/entry.ts';
import { advance, type EntryState } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';
import type { LoadedEntry } from './read-stored-entry.ts';
import { indexedDueAt, reconcile, type Reconciled } from './plan.ts';
import type { PlannedChange } from './planned-change.ts';

/** An entry as its source and the store have it. */
export interface KnownEntry {
  readonly name: string;
  /** `undefined` if the entry is gone from the configuration. */
  readonly entry: Entry | undefined;
  readonly state: EntryState | undefined;
  /** Of a stored entry: when the index has it as due, epoch milliseconds; `null` for never. */
  readonly indexedAt?: number | null;
}

/** What a term does about its entries. */
export interface Adoption {
  /** Entries whose states the store has already. They are enabled. */
  readonly unchanged: readonly { readonly entry: Entry; readonly state: EntryState }[];
  readonly changed: readonly PlannedChange[];
}

/**
 * Has a stored entry count from `now` (epoch milliseconds), when the configuration no longer declares an entry of its
 * name: until then the declared one ran in its place. `null` when it has nothing to count.
 */
export function planRestart({ entry, state }: LoadedEntry, now: number): PlannedChange | null {
  if (!entry.enabled || !state) return null;
  const after = advance(state, { anchor: now });
  const stored = { dueAt: indexedDueAt(entry, after) };
  return { entry, change: { entry: entry.name, before: state, after, messages: [], stored } };
}

/** Compares entries with their states at `now` (epoch milliseconds): one in each step. */
export function* planAdoption(known: readonly KnownEntry[], now: number): Steps<Adoption> {
  const unchanged: { readonly entry: Entry; readonly state: EntryState }[] = [];
  const changed: PlannedChange[] = [];
  for (const each of known) {
    const { entry } = each;
    const reconciled = reconcile(entry, each.state, now);
    const planned = reconciled && planChanged(each, reconciled);
    if (planned) changed.push(planned);
    else if (reconciled && entry?.enabled) unchanged.push({ entry, state: reconciled.state });
    yield;
  }
  return { unchanged, changed };
}

/** What is to be committed first; `null` if the store has this state already. */
function planChanged(
  { name, entry, state: before, indexedAt = null }: KnownEntry,
  { state, change: edit }: Reconciled,
): PlannedChange | null {
  const common = { entry: name, before: before ?? null, messages: [] };
  if (!entry?.stored) return edit && { entry, change: { ...common, after: state }, edit };
  const dueAt = entry.enabled ? indexedDueAt(entry, state) : null;
  if (!edit && dueAt === indexedAt) return null;
  // The index has an instant of an earlier definition or release: without this commit nothing would load the entry.
  const after = edit ? state : advance(state, {});
  return { entry, change: { ...common, after, stored: { dueAt } }, edit };
}
