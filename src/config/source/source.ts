import type { Diagnostic } from '../../util/diagnostic.ts';
import type { Level } from '../keys/key-schema.ts';
import type { Path, Report } from '../validate.ts';
import { asWritten } from '../keys/normalize-keys.ts';

/** One configuration as it was written: a file's content, or an object made in code. */
export interface Source {
  /** As the user named it; absent for one made in code. */
  readonly file?: string;
  /** `undefined` when it could not be read; `errors` then holds the reasons. */
  readonly config: unknown;
  readonly errors: readonly Diagnostic[];
  /** The line (from 1) of a path, in the keys as written. */
  readonly lineOf?: (path: Path) => number | undefined;
  /**
   * Copies of settings and entries that stand in it again, further down. That is a problem, so nothing
   * comes of them; they are looked into so that what else is wrong in them is told at once.
   */
  readonly copies?: readonly Source[];
}

/** Returns a function that adds diagnostics of a source, each with its file, its line and the keys as written. */
export function reporter(
  source: Source,
  level: Level,
  severity: Diagnostic['severity'],
  diagnostics: Diagnostic[],
): Report {
  return (path, message) => {
    const written = asWritten(path, source.config, level);
    const { file } = source;
    const line = source.lineOf?.(written);
    diagnostics.push({
      severity,
      message,
      path: written,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    });
  };
}

/** Sorts diagnostics by file and line; those without a line come first. */
export function inReadingOrder(
  diagnostics: readonly Diagnostic[],
  sources: readonly Source[],
): Diagnostic[] {
  const rank = new Map(sources.map(({ file }, i) => [file, i]));
  const fileOf = (diagnostic: Diagnostic) => rank.get(diagnostic.file) ?? -1;
  return diagnostics.toSorted((a, b) => fileOf(a) - fileOf(b) || (a.line ?? 0) - (b.line ?? 0));
}
