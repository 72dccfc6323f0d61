/** A part of a line: `[start, end)`. */
export type Interval = readonly [start: number, end: number];

/** A part of a line that is inside the intervals, or outside of them. */
export interface Stretch {
  readonly inside: boolean;
  /** The first position after this part; `Infinity` for none. */
  readonly end: number;
}

/** Returns a function that finds whether a position is in any of the intervals, which may overlap. */
export function findIn(intervals: readonly Interval[]): (at: number) => Stretch {
  const merged = merge(intervals);
  return (at) => {
    const next = countStarts(merged, at);
    const end = merged[next - 1]?.[1] ?? -Infinity;
    return at < end ? { inside: true, end } : { inside: false, end: merged[next]?.[0] ?? Infinity };
  };
}

function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: [number, number][] = [];
  for (const [start, end] of intervals.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else if (start < end) merged.push([start, end]);
  }
  return merged;
}

/** The number of intervals that begin at or before a position. */
function countStarts(sorted: readonly Interval[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]![0] <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
