import type { Entry } from './entry.ts';

/** The definition of a stored entry: the fields of an entry of `beatSchedule`, as JSON has them. */
export type Definition = Readonly<Record<string, unknown>>;

/** Reads definitions of stored entries, with the settings in force. */
export interface Definitions {
  /**
   * Validates a definition. The one that is returned is to be stored: its keys are canonical, and it names its
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
