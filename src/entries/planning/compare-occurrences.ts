import type { Entry } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';

/** A stretch of time: later than `after`, up to `until`. Epoch milliseconds. */
export interface Period {
  readonly after: number;
  readonly until: number;
}

/** How the occurrences of one name differ between two configurations. Epoch milliseconds, ascending. */
export interface OccurrenceChange {
  readonly entry: string;
  readonly appear: readonly number[];
  readonly disappear: readonly number[];
  /** An entry has more occurrences than are compared. */
  readonly isPartial: boolean;
}

/** The most occurrences of an entry that are compared. */
export const MAX_COMPARED = 100_000;

/**
 * Compares when an entry is due, before and after a change; `null` if that is the same. It asks the schedules alone, so
 * intervals count from the beginning of the period. `undefined` is an entry that is absent.
 */
export function compareOccurrences(
  before: Entry | undefined,
  after: Entry | undefined,
  period: Period,
): OccurrenceChange | null {
  const [old, current] = [before, after].map((entry) => list(entry, period)) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
  ];
  const appear = [...current.difference(old)];
  const disappear = [...old.difference(current)];
  if (appear.length + disappear.length === 0) return null;
  const isPartial = Math.max(old.size, current.size) === MAX_COMPARED;
  return { entry: (after ?? before)!.name, appear, disappear, isPartial };
}

function list(entry: Entry | undefined, { after, until }: Period): ReadonlySet<number> {
  const found = new Set<number>();
  if (!entry?.enabled) return found;
  let at = nextAfter(entry.schedule, after);
  while (at <= until && found.size < MAX_COMPARED) {
    found.add(at);
    at = nextAfter(entry.schedule, at);
  }
  return found;
}
