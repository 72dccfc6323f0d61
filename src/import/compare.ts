import type { ImportedEntry } from './assemble.ts';
import { upcomingOf, type Left } from './found.ts';

export interface Comparison {
  readonly name: string;
  readonly place: string;
  readonly instants: readonly ComparedInstant[];
}

interface ComparedInstant {
  readonly source: Date | null;
  readonly result: Date | null;
}

/** Whether both schedulers run at an instant. beat rounds instants of the sun to seconds. */
export function isSame({ source, result }: ComparedInstant): boolean {
  if (source === null || result === null) return source === result;
  return Math.abs(source.getTime() - result.getTime()) < 1_000;
}

/** Compares enabled entries with their sources. Intervals need a known last run to count from. */
export function compareEntries(
  entries: readonly ImportedEntry[],
  { count, after }: { readonly count: number; readonly after: Date },
): readonly Comparison[] {
  return entries.flatMap(({ found, entry }) => {
    const { every } = entry.schedule;
    const from = every === undefined ? after : lastOnGrid(found.lastRunAt, every, after);
    if (found.upcoming === undefined || from === null || !entry.enabled) return [];
    const results = upcomingOf(entry.schedule)(from, count);
    const sources = found.upcoming?.(from, count) ?? results;
    const instants = sources.map((source, i) => ({ source, result: results[i] ?? null }));
    return [{ name: entry.name, place: found.place, instants }];
  });
}

/** Finds the first different instant of each entry. `show` formats it. */
export function findDifferences(
  comparisons: readonly Comparison[],
  show: (at: Date | null) => string,
): readonly Left[] {
  return comparisons.flatMap(({ place, instants }) => {
    const first = instants.find((each) => !isSame(each));
    if (!first) return [];
    const reason = `due at ${show(first.source)} by its source, at ${show(first.result)} by beat`;
    return [{ kind: 'different', place, reason }];
  });
}

/** The newest instant of the grid until `after`; `null` if the grid is unknown. */
function lastOnGrid(lastRunAt: number | undefined, every: number, after: Date): Date | null {
  if (lastRunAt === undefined) return null;
  const runs = Math.max(0, Math.floor((after.getTime() - lastRunAt) / every));
  return new Date(lastRunAt + runs * every);
}
