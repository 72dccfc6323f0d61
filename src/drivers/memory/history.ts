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
} from '../../contracts/store/history.ts';
import {
  COUNTERS,
  placeOfMinute,
  toMinutes,
  type MinuteCounts,
  type StoredMinute,
} from '../../contracts/store/minutes.ts';
import type { Clock } from '../../util/clock.ts';

export interface HistoryState {
  /** The rows of each entry, oldest first, by position, and how many were appended. */
  readonly entries: Map<string, { readonly rows: Map<number, EncodedRow>; appended: number }>;
  /** By slot. */
  readonly minutes: Map<number, StoredMinute>;
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

  async read(entry: string, { limit, before }: Parameters<History['read']>[1]): Promise<HistoryPage> {
    const end = before === undefined ? Infinity : Number(before);
    const stored = [...(this.#state.entries.get(entry)?.rows ?? [])]
      .filter(([position]) => position < end)
      .slice(-limit)
      .map(([position, { text }]) => ({ text, position: String(position) }));
    return toPage(entry, stored.toReversed(), limit, this.#oldest);
  }

  async latest(entries: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    return new Map(
      entries.map((entry) => {
        const rows = [...(this.#state.entries.get(entry)?.rows.values() ?? [])].slice(-limit);
        return [entry, decodeRows(rows.map(({ text }) => text).toReversed(), this.#oldest)];
      }),
    );
  }

  async minutes(from: number, to: number): Promise<readonly MinuteCounts[]> {
    return toMinutes([...this.#state.minutes.values()], from, to);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    appendHistory(this.#state, encodeRows(rows, this.#clock.now()), this.#limits);
  }

  async removeRows(entry: string, positions: readonly HistoryPosition[]): Promise<void> {
    const rows = this.#state.entries.get(entry)?.rows;
    for (const position of positions) rows?.delete(Number(position));
  }

  get #oldest(): number {
    return this.#clock.now() - this.#limits.maxAge;
  }
}

/** Appends rows with their counts, and removes what is over the limit. Part of a commit. */
export function appendHistory(state: HistoryState, { rows, minutes }: EncodedHistory, { limit }: HistoryLimits): void {
  for (const row of rows) {
    const history = state.entries.get(row.entry) ?? { rows: new Map<number, EncodedRow>(), appended: 0 };
    history.rows.set(history.appended, row);
    history.appended += 1;
    for (const position of history.rows.keys()) {
      if (history.rows.size <= limit) break;
      history.rows.delete(position);
    }
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
