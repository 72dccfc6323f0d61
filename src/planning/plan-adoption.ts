import type { Entry } from '../catalog/entry.ts';
import type { Change } from '../store/commit.ts';
import { advance, type EntryState } from '../store/entry-state.ts';
import type { Steps } from '../util/steps.ts';
import type { LoadedEntry } from './read-stored-entry.ts';
import { indexedDueAt, reconcile, type Reconciled } from './plan.ts';

/** An entry as its source and the store have it. */
export interface KnownEntry {
  readonly name: string;
  /** `undefined` if the entry is gone from the configuration. */
  readonly entry: Entry | undefined;
  readonly state: EntryState | undefined;
  /** Of a stored entry: when the index has it as due, epoch milliseconds; `null` for never. */
  readonly indexedAt?: number | null;
}

/** An entry that a term takes on. */
export interface AdoptedEntry extends Reconciled {
  readonly entry: Entry | undefined;
  /** What is to be committed first; `null` when the store has this state already. */
  readonly commit: Change | null;
}

/**
 * Has a stored entry count from `now` (epoch milliseconds), when the configuration no longer declares an entry of its
 * name: until then the declared one ran in its place. `null` when it has nothing to count.
 */
export function planRestart({ entry, state }: LoadedEntry, now: number): AdoptedEntry | null {
  if (!entry.enabled || !state) return null;
  const after = advance(state, { anchor: now });
  const stored = { dueAt: indexedDueAt(entry, after) };
  const commit = { entry: entry.name, before: state, after, messages: [], stored };
  return { entry, state: after, change: null, commit };
}

/** Compares an entry with its state at `now` (epoch milliseconds); `null` when there is nothing to schedule or store. */
export function planAdoption(
  { name, entry, state: before, indexedAt = null }: KnownEntry,
  now: number,
): AdoptedEntry | null {
  const reconciled = reconcile(entry, before, now);
  if (!reconciled) return null;
  const { state, change } = reconciled;
  const common = { entry: name, before: before ?? null, messages: [] };
  if (!entry?.stored) {
    return { entry, state, change, commit: change && { ...common, after: state } };
  }
  const dueAt = entry.enabled ? indexedDueAt(entry, state) : null;
  if (!change && dueAt === indexedAt) return { entry, state, change, commit: null };
  // The index has an instant of an earlier definition or release: without this commit nothing would load the entry.
  const after = change ? state : advance(state, {});
  return { entry, state: after, change, commit: { ...common, after, stored: { dueAt } } };
}

/** Compares entries with their states at `now` (epoch milliseconds): one in each step. */
export function* planAdoptions(
  known: readonly KnownEntry[],
  now: number,
): Steps<readonly AdoptedEntry[]> {
  const adopted: AdoptedEntry[] = [];
  for (const each of known) {
    const planned = planAdoption(each, now);
    if (planned) adopted.push(planned);
    yield;
  }
  return adopted;
}
