/** One small change of one source file. */
export interface Mutant {
  /** Relative to the repository, with `/`. */
  readonly file: string;
  /** The mutator that made it, such as `negated condition`. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly instead: string;
  /** Line of the change, from 1. */
  readonly line: number;
  /** The innermost functions around the change, such as `Ledger.commit`; '' for the module itself. */
  readonly scope: string;
  /** The functions of the file that use the changed constant of the module; empty for any other change. */
  readonly users: readonly string[];
  /** The whole lines that change, without indentation, before and after. */
  readonly was: string;
  readonly now: string;
}

/** A change before it is placed: what a mutator yields. */
export interface Change {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly instead: string;
}

export function applyTo(text: string, { start, end, instead }: Change): string {
  return text.slice(0, start) + instead + text.slice(end);
}

/** Removes indentation and empty lines. */
export function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
