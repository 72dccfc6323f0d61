import { parseSet, type CharacterSet } from './glob-set.ts';

/** Literal text, a set, or `null` for any character. */
type Piece = string | CharacterSet | null;

/**
 * A glob of Python's `fnmatch`, which matches whole names: `*`, `?`, `[abc]` and `[!abc]`; an unclosed `[` is
 * literal. Matches without backtracking, because a regular expression with several stars takes minutes.
 */
export class Glob {
  /** The parts between the stars; one part if there is no star. */
  readonly #runs: readonly (readonly Piece[])[];

  constructor(glob: string) {
    this.#runs = splitRuns(glob);
  }

  /** The longest literal text of the glob; every matching name contains it. */
  get literal(): string {
    const texts = this.#runs.flat().filter((piece) => typeof piece === 'string');
    return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
  }

  test(name: string): boolean {
    const first = this.#runs[0]!;
    let at = matchEnd(first, name, 0);
    if (this.#runs.length === 1) return at === name.length;
    if (at === -1) return false;
    // The leftmost match of each run suffices, except of the last run, which must end the name.
    for (const run of this.#runs.slice(1, -1)) {
      at = find(run, name, at);
      if (at === -1) return false;
    }
    const last = this.#runs.at(-1)!;
    const start = startOfLast(last, name);
    return start >= at && matchEnd(last, name, start) === name.length;
  }
}

function splitRuns(glob: string): Piece[][] {
  let run: Piece[] = [];
  const runs = [run];
  let text = '';
  const flush = () => {
    if (text !== '') run.push(text);
    text = '';
  };
  // No set can close after the last bracket, and searching for one at each `[` would be quadratic.
  const lastClose = glob.lastIndexOf(']');
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at]!;
    const read = sign === '[' && at < lastClose ? parseSet(glob, at) : null;
    if (sign === '*') {
      flush();
      runs.push((run = []));
    } else if (sign === '?' || read) {
      flush();
      run.push(read ? read.set : null);
      if (read) at = read.end - 1;
    } else {
      text += sign;
    }
  }
  flush();
  return runs.filter((each, i) => each.length > 0 || i === 0 || i === runs.length - 1);
}

/** Returns the index after the run if it matches at an index, or -1. */
function matchEnd(run: readonly Piece[], name: string, at: number): number {
  for (const piece of run) {
    if (typeof piece === 'string') {
      if (!name.startsWith(piece, at)) return -1;
      at += piece.length;
    } else {
      const character = name.codePointAt(at);
      if (character === undefined || (piece && !piece(character))) return -1;
      at += countUnits(character);
    }
  }
  return at;
}

/** Returns the index after the first match of the run from an index on, or -1. */
function find(run: readonly Piece[], name: string, from: number): number {
  const [first] = run;
  for (let at = from; at <= name.length; at++) {
    if (typeof first === 'string') at = name.indexOf(first, at);
    if (at === -1) return -1;
    const end = matchEnd(run, name, at);
    if (end !== -1) return end;
    if (isPairAt(name, at)) at++;
  }
  return -1;
}

/** Returns the index at which the run must begin to end with the name, or -1. */
function startOfLast(run: readonly Piece[], name: string): number {
  let at = name.length;
  for (const piece of run.toReversed()) {
    at -= typeof piece === 'string' ? piece.length : isPairAt(name, at - 2) ? 2 : 1;
  }
  return at;
}

function isPairAt(name: string, at: number): boolean {
  return at >= 0 && countUnits(name.codePointAt(at) ?? 0) === 2;
}

/** The number of UTF-16 code units of a character. */
function countUnits(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}
