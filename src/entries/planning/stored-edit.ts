import type { Definition, ReadDefinition } from '../catalog/definition.ts';
import type { EntryChange } from '../../contracts/events/beat-events.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import { indexedDueAt } from './plan.ts';
import type { PlannedChange } from './planned-change.ts';

/** A stored entry as a command finds it. Its definition may be invalid under the settings in force. */
export interface StoredTarget {
  /** `null` when the text in the store is not a JSON object. */
  readonly definition: Definition | null;
  /** `null` when its state was removed. */
  readonly state: EntryState | null;
}

/** What a command does to a stored entry. */
export interface StoredEdit {
  readonly name: string;
  /** How the entry is scheduled otherwise than before; `null` when it is not. */
  readonly change: EntryChange | null;
  /** `null` for an entry that is added. */
  readonly before: EntryState | null;
  readonly after: EntryState;
  /** What is written; `null` removes the entry. */
  readonly written: ReadDefinition | null;
}

/** The change that commits an edit. */
export function planEdit({
  name,
  change: edit,
  before,
  after,
  written,
}: StoredEdit): PlannedChange {
  const common = { entry: name, before, after, messages: [] };
  if (!written) return { entry: undefined, change: { ...common, stored: 'removed' }, edit };
  const { entry, definition } = written;
  const dueAt = entry.enabled ? indexedDueAt(entry, after) : null;
  const stored = { dueAt, definition: JSON.stringify(definition) };
  return { entry, change: { ...common, stored }, edit };
}
