import {
  checkDefinition,
  type Definition,
  type Definitions,
  type ReadDefinition,
} from '../catalog/definition.ts';
import type { StoredEdit, StoredTarget } from '../planning/stored-edit.ts';
import { parseJson } from '../../util/decode/json.ts';
import { UndecodableError } from '../../util/decode/limits.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import type { Rejected } from './outcome.ts';

/** What commands that change stored entries are applied to. */
export interface StoredTargets {
  /** Those of the entries that the command names that exist, or why one cannot be read. */
  readonly stored: ReadonlyMap<string, StoredTarget | string>;
  readonly isDeclared: (name: string) => boolean;
  readonly definitions: Definitions;
}

export type EditOutcome =
  | {
      readonly kind: 'edits';
      readonly edits: readonly StoredEdit[];
      /** The answer that the sender sees, one sentence. */
      readonly answer: string;
    }
  | Rejected;

/** Reasons that one answer shows. */
const MAX_REASONS = 10;

/** The entry of a definition, or why it is invalid. */
export function readDefinition(
  { definitions }: StoredTargets,
  name: string,
  definition: Definition,
): ReadDefinition | string {
  try {
    checkDefinition(JSON.stringify(definition));
    const read = definitions.read(name, definition);
    // Readers reject a larger text, as that of many updates could become.
    parseJson(JSON.stringify(read.definition));
    return read;
  } catch (error) {
    if (error instanceof UndecodableError)
      return `the definition of entry ${JSON.stringify(name)} is too large: ${error.message}`;
    if (!(error instanceof ConfigError)) return describeError(error);
    return formatReasons(error.errors.map(formatDiagnostic));
  }
}

export function formatReasons(reasons: readonly string[]): string {
  const more = reasons.length > MAX_REASONS ? `; and ${reasons.length - MAX_REASONS} more` : '';
  return `${reasons.slice(0, MAX_REASONS).join('; ')}${more}`;
}
