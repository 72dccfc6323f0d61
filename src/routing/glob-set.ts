/** The `[…]` of a glob: whether it contains a code point. */
export type CharacterSet = (codePoint: number) => boolean;

type Range = readonly [from: number, to: number];

/**
 * Parses the set that begins at an index of a glob; returns it with the index after its `]`, or `null` without a
 * `]`. As in Python's `fnmatch`, a leading `!` negates, a leading `]` is a member, and a backwards range is empty.
 */
export function parseSet(glob: string, start: number): { set: CharacterSet; end: number } | null {
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
