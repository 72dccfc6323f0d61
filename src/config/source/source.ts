import type { Diagnostic } from '../../util/diagnostic.ts';
import { type KeySchema, pathAsWritten } from '../keys/key-schema.ts';
import type { Path, Report } from '../validate.ts';

/** One configuration as it was written: the content of a file, or an object made in code. */
export interface Source {
  /** The file's name as the user wrote it; absent for a configuration made in code. */
  readonly file?: string;
  /** The absolute path of its folder; absent like `file`. */
  readonly folder?: string;
  /** `undefined` if it could not be read; `errors` then holds the reasons. */
  readonly config: unknown;
  readonly errors: readonly Diagnostic[];
  /** Whether the values were validated before. */
  readonly isValid?: boolean;
  /** Whether no text in it has a lone surrogate. */
  readonly isWellFormed?: boolean;
  /** Finds the line (from 1) of a path, with its keys as written. */
  readonly findLine?: (path: Path) => number | undefined;
  readonly imports?: ReadonlyMap<string, string>;
}

/** Returns a function that adds diagnostics of a source, each with its file, its line and the keys as written. */
export function createReporter(
  source: Source,
  keys: KeySchema,
  severity: Diagnostic['severity'],
  diagnostics: Diagnostic[],
): Report {
  return (path, message) => {
    const written = pathAsWritten(path, source.config, keys);
    diagnostics.push({ severity, message, path: written, file: source.file, line: source.findLine?.(written) });
  };
}

/** Sorts diagnostics by file and line; those without a line come first. */
export function sortForReading(diagnostics: readonly Diagnostic[], sources: readonly Source[]): Diagnostic[] {
  const ranks = new Map(sources.map(({ file }, i) => [file, i]));
  const rank = ({ file }: Diagnostic) => ranks.get(file) ?? -1;
  return diagnostics.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

/** The most levels of lists and maps in a configuration. The deepest useful one (nested canvases) has 300. */
export const MAX_DEPTH = 500;

/** The most values that all aliases of one YAML file may expand to. */
export const MAX_ALIASED = 2_000_000;

/** The most bytes of a configuration file, unless `BEAT_MAX_CONFIG_SIZE` is set. */
export const MAX_FILE_SIZE = 64 * 1024 * 1024;

export const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

export const EMPTY = 'is empty; an empty configuration is written {}';
