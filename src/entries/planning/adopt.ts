import type { Entry } from '../catalog/entry.ts';
import type { EntryChange } from '../../contracts/events/beat-events.ts';
import { advance, newState, type EntryState } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';
import { firstAnchor, indexedDueAt } from './next-due.ts';
import type { PlannedChange } from './planned-change.ts';

/** The state that an entry starts its term with, and what is new about it; `null` for no change. */
export interface Reconciled {
  readonly state: EntryState;
  readonly change: EntryChange | null;
}

/**
 * Compares an entry of the configuration with its state at the beginning of a term. Three kinds of entries start from
 * `now` and do not catch up: a new entry without a last run elsewhere, an entry with an edited schedule, and an entry
 * that was disabled or removed before. The run count stays. `null` when there is nothing to store.
 */
export function reconcile(
  entry: Entry | undefined,
  state: EntryState | null | undefined,
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
  // Requests to skip occurrences name instants of the schedule of before.
  return { state: advance(state, { spec, anchor: now, skip: undefined }), change };
}

export interface KnownEntry {
  readonly name: string;
  /** `undefined` if the entry is gone from the configuration. */
  readonly entry: Entry | undefined;
  readonly state: EntryState | null | undefined;
  /** Its instant in the index, epoch milliseconds (`null` for never), if the store has a definition. */
  readonly indexedAt?: number | null | undefined;
}

/** What a term does about its entries. */
export interface Adoption {
  /** Entries whose states the store has already. They are enabled. */
  readonly unchanged: readonly { readonly entry: Entry; readonly state: EntryState }[];
  readonly changed: readonly PlannedChange[];
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

/**
 * The indexed instant of an entry that is both declared and stored. It is in the past, so that the stored entry is
 * loaded as soon as the declaration is gone.
 */
const DECLARED_DUE_AT = 0;

/** The change to commit first; `null` if the store has this state already. */
function planChanged({ name, entry, state: before, indexedAt }: KnownEntry, { state, change: edit }: Reconciled) {
  const dueAt = entry?.stored ? indexedDueAt(entry, state) : DECLARED_DUE_AT;
  const stored = indexedAt === undefined ? undefined : { dueAt };
  if (!edit && stored?.dueAt === indexedAt) return null;
  // The index has an instant of an earlier definition or release: without this commit nothing would load the entry.
  const after = edit ? state : advance(state, {});
  return { entry, change: { entry: name, before: before ?? null, after, messages: [], stored }, edit };
}
