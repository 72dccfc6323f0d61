import { MINUTE } from './instants.ts';

/**
 * Finds the newest occurrence in `(after, until]` with `next` alone: searches back from `until` in growing
 * windows until one has an occurrence, then bisects that window. Takes about forty calls for a year of
 * downtime, however many occurrences it has. Epoch milliseconds; `next` must be strictly later and monotone.
 */
export function latestByNext(
  next: (after: number) => number | null,
  after: number,
  until: number,
): number | null {
  const within = (instant: number | null): instant is number =>
    instant !== null && instant <= until;
  if (!within(next(after))) return null;

  // No occurrence lies in (none, until].
  let none = until;
  let reach = MINUTE;
  let newest = next(Math.max(after, until - reach));
  while (!within(newest)) {
    none = until - reach;
    reach *= 2;
    newest = next(Math.max(after, until - reach));
  }
  while (none - newest > 1) {
    const middle = newest + Math.floor((none - newest) / 2);
    const later = next(middle);
    if (within(later)) newest = later;
    else none = middle;
  }
  const last = next(newest);
  return within(last) ? last : newest;
}
