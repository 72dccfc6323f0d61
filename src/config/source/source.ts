import type { Problem } from '../../util/errors.ts';
import type { Level } from '../keys/key-schema.ts';
import type { Path, Report } from '../validate.ts';
import { asWritten } from '../keys/normalize-keys.ts';

/** One configuration as it was written: a file's content, or an object made in code. */
export interface Source {
  /** As the user named it; absent for one made in code. */
  readonly file?: string;
  /** `undefined` when it could not be read; `problems` then say why. */
  readonly config: unknown;
  readonly problems: readonly Problem[];
  /** The line (from 1) of a path, in the keys as written. */
  readonly lineOf?: (path: Path) => number | undefined;
  /**
   * Copies of settings and entries that stand in it again, further down. That is a problem, so nothing
   * comes of them; they are looked into so that what else is wrong in them is told at once.
   */
  readonly copies?: readonly Source[];
}

/** Adds problems of a source to the list, each with its file, its line and the keys as they were written. */
export function reporter(source: Source, level: Level, problems: Problem[]): Report {
  return (path, message) => {
    const written = asWritten(path, source.config, level);
    const { file } = source;
    const line = source.lineOf?.(written);
    problems.push({
      message,
      path: written,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
    });
  };
}

/** In the order of a reader: file by file, from the top; what has no line comes first. */
export function inReadingOrder(
  problems: readonly Problem[],
  sources: readonly Source[],
): Problem[] {
  const rank = new Map(sources.map(({ file }, i) => [file, i]));
  const fileOf = (problem: Problem) => rank.get(problem.file) ?? -1;
  return problems.toSorted((a, b) => fileOf(a) - fileOf(b) || (a.line ?? 0) - (b.line ?? 0));
}
