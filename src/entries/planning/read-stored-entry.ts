import { checkDefinition, type Definition, type Definitions } from '../catalog/definition.ts';
import type { Entry } from '../catalog/entry.ts';
import { decodeState, type EntryState } from '../../contracts/store/entry-state.ts';
import { repairCommand } from '../../contracts/store/unreadable.ts';
import type { StoredEntry } from '../../contracts/store/stored-entries.ts';
import { parseJson } from '../../util/decode/json.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import type { Steps } from '../../util/steps.ts';
import type { StoredTarget } from './planned-change.ts';

/** A stored entry that was read from its store. */
export interface LoadedEntry {
  readonly entry: Entry;
  /** `null` when its state was removed. */
  readonly state: EntryState | null;
  /** Its instant in the index, epoch milliseconds; `null` for never. */
  readonly dueAt: number | null;
}

/** Reads rows, one in each step. Calls `unreadable` with each row that cannot be read, and leaves it out. */
export function* readStoredEntries(
  rows: readonly StoredEntry[],
  definitions: () => Definitions,
  unreadable: (name: string, error: unknown) => void,
): Steps<LoadedEntry[]> {
  const read: LoadedEntry[] = [];
  for (const row of rows) {
    try {
      read.push(readStoredEntry(row, definitions()));
    } catch (error) {
      unreadable(row.entry, error);
    }
    yield;
  }
  return read;
}

/** Reads a row. Throws a `ConfigError` for an invalid definition, and a `StoreError` for an unreadable one. */
export function readStoredEntry(row: StoredEntry, definitions: Definitions): LoadedEntry {
  const { definition, state } = readStoredTarget(row);
  if (!definition) throw new StoreError(explainDefinition(row.entry));
  return { entry: definitions.read(row.entry, definition).entry, state, dueAt: row.dueAt };
}

/** Reads a row without validating its definition. Throws a `StoreError` for an unreadable state. */
export function readStoredTarget({ entry, definition, state }: StoredEntry): StoredTarget {
  try {
    return { definition: parseDefinition(definition), state: state === null ? null : decodeState(entry, state) };
  } catch (error) {
    throw new StoreError(explainState(entry, error), { cause: error });
  }
}

/** Why a state cannot be read, and its repair. */
export function explainState(entry: string, error: unknown): string {
  return `${describeError(error)}; its schedule restarts from now with: ${repairCommand(entry)}`;
}

/** The definition of a stored entry, not validated; `null` for a text that is not a JSON object, or is too large. */
export function parseDefinition(text: string): Definition | null {
  try {
    checkDefinition(text);
    const value = parseJson(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Definition | null) : null;
  } catch {
    return null;
  }
}

/** What is wrong with a definition that `readStoredTarget` could not read, and its repair. */
export function explainDefinition(entry: string): string {
  const name = JSON.stringify(entry);
  return `the definition of stored entry ${name} is not a JSON object, or is too large; beat remove removes the entry`;
}
