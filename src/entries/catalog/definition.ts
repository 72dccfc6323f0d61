import { decodeState, type EntryState } from '../../contracts/store/entry-state.ts';
import { repairCommand } from '../../contracts/store/unreadable.ts';
import type { StoredEntry } from '../../contracts/store/stored-entries.ts';
import { checkJson, parseJson } from '../../util/decode/json.ts';
import { UndecodableError } from '../../util/decode/limits.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import type { Steps } from '../../util/steps.ts';
import type { Entry } from './entry.ts';

/** The definition of a stored entry: the fields of an entry of `beatSchedule`, as JSON has them. */
export type Definition = Readonly<Record<string, unknown>>;

/** Reads definitions of stored entries, with the settings in force. */
export interface Definitions {
  /**
   * Validates a definition. Store the returned definition: its keys are canonical, and it names its
   * time zone, so that it means the same under other settings. Throws a `ConfigError` with all problems.
   */
  read(name: string, definition: Definition): ReadDefinition;
  /** A definition with other values for the given fields; `null` removes a field. */
  update(definition: Definition, fields: Definition): Definition;
}

export interface ReadDefinition {
  readonly entry: Entry;
  readonly definition: Definition;
}

/** Values of one definition: the leader validates them in one step, and renders them for each run. */
const MAX_VALUES = 20_000;
/** Most texts with two braces in one definition: each placeholder of a template takes 0.1 ms for a run. */
const MAX_TEMPLATES = 200;

/** Throws an `UndecodableError` for the JSON text of a definition that is too deep or has too many values or templates. */
export function checkDefinition(text: string): void {
  checkJson(text, MAX_VALUES);
  if (text.split('{{', MAX_TEMPLATES + 2).length > MAX_TEMPLATES + 1)
    throw new UndecodableError(`it has more than ${MAX_TEMPLATES} templates`);
}

/** A stored entry as a command finds it. Its definition may be invalid under the settings in force. */
export interface StoredTarget {
  /**
   * `null` when the text in the store is not a JSON object; `undefined` when the store has only a state, from an
   * earlier declaration of the entry.
   */
  readonly definition: Definition | null | undefined;
  /** `null` when its state was removed. */
  readonly state: EntryState | null;
}

/** A stored entry that was read from its store. */
export interface LoadedEntry {
  readonly entry: Entry;
  /** `null` when its state was removed. */
  readonly state: EntryState | null;
  /** Its instant in the index, epoch milliseconds; `null` for never. */
  readonly indexedAt: number | null;
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
  return { entry: definitions.read(row.entry, definition).entry, state, indexedAt: row.dueAt };
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
