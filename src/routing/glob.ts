import { parseSet, type CharacterSet } from './glob-set.ts';

/** Text as it stands, one character of a set, or (`null`) any one character. */
type Piece = string | CharacterSet | null;

/**
 * A glob of Python's `fnmatch` that matches a whole name: `*` is any text, `?` any one character, `[abc]`
 * one of these, `[!abc]` one of the others. A `[` that nothing closes is itself. It is matched without
 * backtracking: as a regular expression, several stars take minutes on a long name.
 */
export class Glob {
  /** What stands between the stars; one run alone when there is no star. */
  readonly #runs: readonly (readonly Piece[])[];

  constructor(glob: string) {
    this.#runs = splitRuns(glob);
  }

  /** The longest text that every name holds that matches; empty where the glob demands none. */
  get literal(): string {
    const texts = this.#runs.flat().filter((piece) => typeof piece === 'string');
    return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
  }

  test(name: string): boolean {
    const first = this.#runs[0]!;
    let at = matchEnd(first, name, 0);
    if (this.#runs.length === 1) return at === name.length;
    if (at === -1) return false;
    // The leftmost place is as good as any for all but the last run, which must end the name.
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
  // Behind the last bracket no set can close, and each search for one would go through the rest.
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

/** The index behind the run, if it stands in the name at an index; else -1. */
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

/** The index behind the first place, from an index on, at which the run stands; -1 when there is none. */
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

/** Where the run must begin to end with the name; -1 where the name is too short. */
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

/** How many units of JavaScript's text a character takes. */
function countUnits(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}
