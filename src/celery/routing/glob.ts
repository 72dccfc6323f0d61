import { findIn, type Interval } from '../../util/intervals.ts';

/** One character, a set of code points, or `null` for any character. */
type Piece = string | ((codePoint: number) => boolean) | null;

export interface Pattern {
  /** A text that every matching name contains; may be empty. */
  readonly literal: string;
  readonly test: (name: string) => boolean;
}

/** A glob of Python's `fnmatch`: `*`, `?`, `[abc]`, `[!abc]`. Without backtracking, which could take minutes. */
export function compileGlob(glob: string): Pattern {
  const runs = splitRuns(Array.from(glob));
  const matches = (piece: Piece, character: string) =>
    typeof piece === 'function' ? piece(character.codePointAt(0)!) : piece === null || piece === character;
  return {
    get literal() {
      const texts = runs.flatMap((run) =>
        run
          .map((piece) => (typeof piece === 'string' ? piece : '\0'))
          .join('')
          .split('\0'),
      );
      return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
    },
    test: (name) => matchesRuns(runs, Array.from(name), matches),
  };
}

/**
 * Whether items match the runs of a pattern, with any items between the runs. The leftmost match of each run suffices,
 * except for the last run, which must match the end.
 */
export function matchesRuns<P, T>(
  runs: readonly (readonly P[])[],
  items: readonly T[],
  matches: (piece: P, item: T) => boolean,
): boolean {
  const fits = (run: readonly P[], at: number) =>
    at + run.length <= items.length && run.every((piece, i) => matches(piece, items[at + i]!));
  const [first = [], ...others] = runs;
  const last = others.pop();
  if (!fits(first, 0)) return false;
  if (!last) return first.length === items.length;
  let at = first.length;
  for (const run of others) {
    while (at + run.length <= items.length && !fits(run, at)) at += 1;
    at += run.length;
  }
  return at + last.length <= items.length && fits(last, items.length - last.length);
}

/** The parts between the stars; one part if there is no star. */
function splitRuns(glob: readonly string[]): readonly (readonly Piece[])[] {
  let run: Piece[] = [];
  const runs = [run];
  // No set can close after the last bracket, and searching for one at each `[` would be quadratic.
  const lastClose = glob.lastIndexOf(']');
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at]!;
    const read = sign === '[' && at < lastClose ? parseSet(glob, at) : null;
    if (sign === '*') runs.push((run = []));
    else if (read) {
      run.push(read.set);
      at = read.close;
    } else run.push(sign === '?' ? null : sign);
  }
  return runs.filter((each, i) => each.length > 0 || i === 0 || i === runs.length - 1);
}

/**
 * Parses the set that begins at an index of a glob; returns it with the index of its `]`, or `null` without a `]`. As
 * in Python's `fnmatch`, a leading `!` negates, a leading `]` is a member, and a backwards range is empty.
 */
function parseSet(glob: readonly string[], start: number): { set: Piece; close: number } | null {
  const negated = glob[start + 1] === '!';
  const from = start + (negated ? 2 : 1);
  const close = glob.indexOf(']', glob[from] === ']' ? from + 1 : from);
  if (close === -1) return null;
  const find = findIn(parseRanges(glob.slice(from, close).map((each) => each.codePointAt(0)!)));
  return { set: (codePoint) => find(codePoint).inside !== negated, close };
}

const HYPHEN = 0x2d;

/** A hyphen between two members is a range; at either end, or after a range, it is a member. */
function parseRanges(members: readonly number[]): readonly Interval[] {
  const ranges: Interval[] = [];
  for (let i = 0; i < members.length; i++) {
    const from = members[i]!;
    const isRange = members[i + 1] === HYPHEN && i + 2 < members.length;
    ranges.push([from, (isRange ? members[i + 2]! : from) + 1]);
    if (isRange) i += 2;
  }
  return ranges;
}
