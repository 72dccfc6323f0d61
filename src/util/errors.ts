import { maskText } from './mask.ts';
import { formatProblems, type Problem } from './problem.ts';

export { formatProblem, type Problem } from './problem.ts';

/** Any error that beat raises on purpose. `cause` holds what was underneath, where there was something. */
export class BeatError extends Error {
  override name = 'BeatError';
}

/**
 * Configuration that cannot be used. It carries every problem found; its message names the first fifty.
 * Passwords in URLs are masked here, wherever the words come from.
 */
export class ConfigError extends BeatError {
  override name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[] | string) {
    const isText = typeof problems === 'string';
    const given = isText ? [{ message: problems, path: [] }] : problems;
    const all = given.map((each) => ({ ...each, message: maskText(each.message) }));
    super(formatProblems(all));
    this.problems = all;
  }
}

/** A lock, ledger or broker that did not do what it was asked; the message says which operation. */
export class StoreError extends BeatError {
  override name = 'StoreError';
}

/** What went wrong, in words, for anything that code of the user's may throw. Never throws itself. */
export function reasonOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    const isPlain = thrown.name === 'Error' || thrown instanceof BeatError;
    return isPlain ? thrown.message : `${thrown.name}: ${thrown.message}`;
  } catch {
    return 'something that has no text';
  }
}
