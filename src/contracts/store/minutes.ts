import type { HistoryRow, SkipRow } from './history-row.ts';
import { DAY, MINUTE } from '../../schedule/instants.ts';

/** What became of the occurrences of one minute, over all entries. */
export interface MinuteCounts {
  /** When the minute begins, epoch milliseconds. Occurrences belong to the minute in which they were due. */
  readonly at: number;
  /** Committed runs that were not withdrawn. */
  readonly published: number;
  readonly skipped: number;
  /** Runs whose task succeeded, and runs whose task ended otherwise. Other runs have no known outcome. */
  readonly succeeded: number;
  readonly failed: number;
}

/** The names of the counters, in the order in which stores hold them. */
export const COUNTERS = ['published', 'skipped', 'succeeded', 'failed'] as const;

/** The number of minutes in a store. A minute replaces the minute of two days before, which has the same slot. */
const SLOTS = 2 * 1_440;

/** The number of a minute since the Unix epoch, and the slot in which stores hold it. */
export function placeOfMinute(at: number): { readonly number: number; readonly slot: number } {
  const number = Math.floor(at / MINUTE);
  return { number, slot: number % SLOTS };
}

/** The slots of the minutes that begin in `[from, to)`, epoch milliseconds. */
export function slotsOf(from: number, to: number): readonly number[] {
  const count = Math.ceil(to / MINUTE) - Math.ceil(from / MINUTE);
  return Array.from({ length: Math.max(0, Math.min(count, SLOTS)) }, (_, i) => {
    return placeOfMinute((Math.ceil(from / MINUTE) + i) * MINUTE).slot;
  });
}

/**
 * What rows add to the counts, oldest first. Minutes that are more than a day from `now` (epoch milliseconds) are left
 * out, so that they never replace a newer one. A withdrawn run is subtracted from `published`.
 */
export function countMinutes(rows: Iterable<HistoryRow>, now: number): readonly MinuteCounts[] {
  const minutes = new Map<number, Record<(typeof COUNTERS)[number], number>>();
  const add = (dueAt: number, counter: (typeof COUNTERS)[number], count: number) => {
    if (Math.abs(dueAt - now) >= DAY) return;
    const at = dueAt - (dueAt % MINUTE);
    let counts = minutes.get(at);
    if (!counts) {
      counts = { published: 0, skipped: 0, succeeded: 0, failed: 0 };
      minutes.set(at, counts);
    }
    counts[counter] += count;
  };
  for (const row of rows) {
    if (row.kind === 'run') add(row.dueAt, 'published', 1);
    else if (row.kind === 'outcome') add(row.dueAt, row.state === 'SUCCESS' ? 'succeeded' : 'failed', 1);
    else {
      if (row.taskId !== undefined) add(row.first, 'published', -1);
      for (const [at, count] of spread(row, now - DAY, now + DAY)) add(at, 'skipped', count);
    }
  }
  return [...minutes].map(([at, counts]) => ({ at, ...counts })).sort((a, b) => a.at - b.at);
}

/**
 * The skipped occurrences of each minute of a stretch, in `[from, to]`. A row has only the first, the last and the number of
 * occurrences: they are spread evenly, one a minute if they were too many to count.
 */
function* spread(
  { first, last, count }: SkipRow,
  from: number,
  to: number,
): Generator<readonly [at: number, count: number]> {
  const total = count ?? Math.floor((last - first) / MINUTE) + 1;
  const step = total > 1 ? (last - first) / (total - 1) : Infinity;
  const before = (at: number) =>
    at <= first ? 0 : at > last ? total : Math.min(total, Math.ceil((at - first) / step));
  const begin = Math.max(first, from);
  for (let at = begin - (begin % MINUTE); at <= Math.min(last, to); at += MINUTE) {
    const found = before(at + MINUTE) - before(at);
    if (found > 0) yield [at, found];
  }
}

/** Counts as a store holds them, with the number of their minute. */
export type StoredMinute = Readonly<Record<'number' | (typeof COUNTERS)[number], number>>;

/** Selects the minutes that begin in `[from, to)`, oldest first. Leaves out counts that are not integers. */
export function toMinutes(stored: readonly StoredMinute[], from: number, to: number): readonly MinuteCounts[] {
  return stored
    .filter((counts) => Object.values(counts).every(Number.isSafeInteger))
    .map(({ number, published, ...counts }) => ({
      ...counts,
      at: number * MINUTE,
      // Negative if runs were withdrawn after their minute was replaced.
      published: Math.max(0, published),
    }))
    .filter(({ at }) => at >= from && at < to)
    .sort((a, b) => a.at - b.at);
}
