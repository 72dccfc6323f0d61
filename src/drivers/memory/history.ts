import {
  decodeRows,
  encodeRows,
  toPage,
  type EncodedHistory,
  type EncodedRow,
  type EntryRow,
  type History,
  type HistoryLimits,
  type HistoryPage,
  type HistoryPosition,
  type HistoryRow,
} from '../../store/history.ts';
import { COUNTERS, placeOfMinute, toMinutes, type StoredMinute } from '../../store/minutes.ts';
import type { MinuteCounts } from '../../store/minutes.ts';
import type { Clock } from '../../util/clock.ts';

export interface HistoryState {
  /** The rows of each entry, oldest first, and how many older ones were removed. */
  readonly entries: Map<string, { readonly rows: EncodedRow[]; removed: number }>;
  /** By slot. */
  readonly minutes: Map<number, StoredMinute>;
}

export function newHistoryState(): HistoryState {
  return { entries: new Map(), minutes: new Map() };
}

export class MemoryHistory implements History {
  readonly #state: HistoryState;
  readonly #limits: HistoryLimits;
  readonly #clock: Clock;

  constructor(state: HistoryState, limits: HistoryLimits, clock: Clock) {
    this.#state = state;
    this.#limits = limits;
    this.#clock = clock;
  }

  async read(
    entry: string,
    { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage> {
    const { rows, removed } = this.#state.entries.get(entry) ?? { rows: [], removed: 0 };
    const end = before === undefined ? rows.length : Math.max(0, Number(before) - removed);
    const from = Math.max(0, end - limit);
    const stored = rows
      .slice(from, end)
      .map(({ text }, i) => ({ text, position: String(removed + from + i) }));
    return toPage(stored.toReversed(), limit, this.#oldest);
  }

  async latest(
    entries: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    return new Map(
      entries.map((entry) => {
        const rows = this.#state.entries.get(entry)?.rows.slice(-limit) ?? [];
        const texts = rows.map(({ text }) => text).toReversed();
        return [entry, decodeRows(texts, this.#oldest)];
      }),
    );
  }

  async minutes(from: number, to: number): Promise<readonly MinuteCounts[]> {
    return toMinutes([...this.#state.minutes.values()], from, to);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    appendHistory(this.#state, encodeRows(rows, this.#clock.now()), this.#limits);
  }

  get #oldest(): number {
    return this.#clock.now() - this.#limits.maxAge;
  }
}

/** Appends rows with their counts, and removes what is over the limit. Part of a commit. */
export function appendHistory(
  state: HistoryState,
  { rows, minutes }: EncodedHistory,
  { limit }: HistoryLimits,
): void {
  for (const row of rows) {
    const history = state.entries.get(row.entry) ?? { rows: [], removed: 0 };
    history.rows.push(row);
    const surplus = Math.max(0, history.rows.length - limit);
    history.rows.splice(0, surplus);
    history.removed += surplus;
    state.entries.set(row.entry, history);
  }
  for (const counts of minutes) addCounts(state.minutes, counts);
}

function addCounts(minutes: HistoryState['minutes'], counts: MinuteCounts): void {
  const { number, slot } = placeOfMinute(counts.at);
  const found = minutes.get(slot);
  const { published, skipped, succeeded, failed } = counts;
  const sum = { number, published, skipped, succeeded, failed };
  if (found?.number === number) for (const name of COUNTERS) sum[name] += found[name];
  minutes.set(slot, sum);
}
