import { checkJson } from '../../util/decode/json.ts';
import { UndecodableError } from '../../util/decode/limits.ts';
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
