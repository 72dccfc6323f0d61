import { maskText } from './mask.ts';

/** Any error that beat raises on purpose. `cause` holds what was underneath, where there was something. */
export class BeatError extends Error {
  override name = 'BeatError';
}

/** One thing that is wrong with a configuration, in words for whoever wrote it. */
export interface Problem {
  /** What is wrong: what came, what is allowed, and the nearest right name where there is one. */
  readonly message: string;
  /** Keys and indexes from the root of the configuration to the value. */
  readonly path: readonly (string | number)[];
  /** The file it stands in; absent for a configuration made in code. */
  readonly file?: string | undefined;
  /** The line in that file, from 1; absent where the format has none. */
  readonly line?: number | undefined;
}

/**
 * Configuration that cannot be used. It carries every problem found, not only the first. Passwords in URLs
 * are masked here, wherever the words come from.
 */
export class ConfigError extends BeatError {
  override name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[] | string) {
    const given = typeof problems === 'string' ? [{ message: problems, path: [] }] : problems;
    const all = given.map((each) => ({ ...each, message: maskText(each.message) }));
    super(all.map(formatProblem).join('\n'));
    this.problems = all;
  }
}

/** A lock, ledger or broker that did not do what it was asked; the message says which operation. */
export class StoreError extends BeatError {
  override name = 'StoreError';
}

/** `schedules/team.yaml:12: beatSchedule.cleanup.schedule: …` */
export function formatProblem({ file, line, path, message }: Problem): string {
  const place = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
  const text = maskText(message);
  return path.length === 0 ? `${place}${text}` : `${place}${formatPath(path)}: ${text}`;
}

function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
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
