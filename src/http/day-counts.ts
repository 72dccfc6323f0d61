import { COUNTERS, type MinuteCounts } from '../contracts/store/minutes.ts';
import { readDeclared, readStored, type EntryRecord, type EntrySource } from '../read-models/status/read-entries.ts';
import { countUpcoming, type UpcomingDay } from '../read-models/status/upcoming-day.ts';
import { runInSlices } from '../util/run-in-slices.ts';
import { reuse, waitAtMost } from '../util/wait.ts';
import { entrySource, type HttpContext } from './context.ts';
import { DAY, MINUTE } from '../schedule/instants.ts';

/** How old the counts of the past and of the coming day may be, milliseconds. */
const PAST_FRESH = 1_000;
const UPCOMING_FRESH = 30_000;
/** How long a page waits for the count of the coming day, milliseconds. */
const WAIT = 30;
/** The most entries whose states are read, and the most stored entries that are counted, by their due times. */
const MAX_STATES = 10_000;
const MAX_STORED = 1_000;
const CHUNK = 1_000;

/** What became of the occurrences of a day. */
export interface PastDay {
  /** The beginning of its first minute, epoch milliseconds. */
  readonly from: number;
  /** Oldest first; minutes without an occurrence are absent. */
  readonly minutes: readonly MinuteCounts[];
}

export function sumDay({ minutes }: PastDay): Readonly<Record<(typeof COUNTERS)[number], number>> {
  const sum = { published: 0, skipped: 0, succeeded: 0, failed: 0 };
  for (const counts of minutes) for (const name of COUNTERS) sum[name] += counts[name];
  return sum;
}

/** Reads the last 24 hours, at most once a second for all pages; `null` without a history. Never rejects. */
export function pastDayReader({ clock, store }: HttpContext): () => Promise<PastDay | null> {
  let day: PastDay | null = null;
  const read = async () => {
    const now = clock.now();
    const from = now - (now % MINUTE) - DAY + MINUTE;
    try {
      const minutes = await store.history?.minutes(from, from + DAY);
      day = minutes ? { from, minutes } : null;
    } catch {
      // The page shows the last counts.
    }
    return day;
  };
  return reuse(read, PAST_FRESH, clock);
}

/** Counts the coming day in the background while pages are read; `null` before the first count. Never rejects. */
export function upcomingDayReader(context: HttpContext): () => Promise<UpcomingDay | null> {
  const { clock, stopped } = context;
  let day: UpcomingDay | null = null;
  const count = async () => {
    const now = clock.now();
    try {
      day = await runInSlices(countUpcoming(await readForDay(entrySource(context), now), now), clock);
    } catch {
      // The store is unreachable: the page shows the last count.
    }
  };
  const counted = reuse(count, UPCOMING_FRESH, clock);
  return async () => {
    await waitAtMost(clock, WAIT, stopped, counted);
    return day;
  };
}

/** Reads the entries that may be due within a day of `now`. A state that was not read counts as absent. */
async function readForDay(source: EntrySource, now: number): Promise<readonly EntryRecord[]> {
  const { entries, definitions, store } = source;
  const records: EntryRecord[] = [];
  for (let from = 0; from < Math.min(entries.length, MAX_STATES); from += CHUNK)
    records.push(...(await readDeclared(source, entries.slice(from, from + CHUNK))));
  for (const entry of entries.slice(records.length)) records.push({ name: entry.name, entry, state: null });
  const stored = await store.entries.page({ limit: MAX_STORED, dueBy: now + DAY });
  return [...records, ...stored.map((row) => readStored(row, definitions))];
}
