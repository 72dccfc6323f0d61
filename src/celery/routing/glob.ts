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
      at = findRun(run, name, at);
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
function findRun(run: readonly Piece[], name: string, from: number): number {
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

/** The `[…]` of a glob: whether it contains a code point. */
type CharacterSet = (codePoint: number) => boolean;

type Range = readonly [from: number, to: number];

/**
 * Parses the set that begins at an index of a glob; returns it with the index after its `]`, or `null` without a
 * `]`. As in Python's `fnmatch`, a leading `!` negates, a leading `]` is a member, and a backwards range is empty.
 */
function parseSet(glob: string, start: number): { set: CharacterSet; end: number } | null {
  const negated = glob[start + 1] === '!';
  const from = start + (negated ? 2 : 1);
  const close = glob.indexOf(']', glob[from] === ']' ? from + 1 : from);
  if (close === -1) return null;
  const ranges = mergeRanges(parseRanges(Array.from(glob.slice(from, close), toCodePoint)));
  return { set: (codePoint) => contains(ranges, codePoint) !== negated, end: close + 1 };
}

const HYPHEN = toCodePoint('-');

function toCodePoint(character: string): number {
  return character.codePointAt(0)!;
}

/** A hyphen between two members is a range; at either end, or after a range, it is a member. */
function parseRanges(members: readonly number[]): Range[] {
  const ranges: Range[] = [];
  for (let i = 0; i < members.length; i++) {
    const from = members[i]!;
    const isRange = members[i + 1] === HYPHEN && i + 2 < members.length;
    const to = isRange ? members[i + 2]! : from;
    if (isRange) i += 2;
    if (from <= to) ranges.push([from, to]);
  }
  return ranges;
}

/** Sorts and merges ranges for a binary search. */
function mergeRanges(ranges: readonly Range[]): Range[] {
  const apart: Range[] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last && from <= last[1] + 1) apart[apart.length - 1] = [last[0], Math.max(last[1], to)];
    else apart.push([from, to]);
  }
  return apart;
}

function contains(ranges: readonly Range[], codePoint: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![1] < codePoint) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range[0] <= codePoint;
}
