import {
  encodeRows,
  toPage,
  type EncodedRow,
  type EntryRow,
  type History,
  type HistoryLimits,
  type HistoryPage,
  type HistoryPosition,
} from '../../store/history.ts';
import type { Clock } from '../../util/clock.ts';

/** The rows of each entry, oldest first, and how many older ones were removed. */
export type HistoryState = Map<string, { readonly rows: EncodedRow[]; removed: number }>;

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
    const { rows, removed } = this.#state.get(entry) ?? { rows: [], removed: 0 };
    const end = before === undefined ? rows.length : Math.max(0, Number(before) - removed);
    const from = Math.max(0, end - limit);
    const stored = rows
      .slice(from, end)
      .map(({ text }, i) => ({ text, position: String(removed + from + i) }));
    return toPage(stored.toReversed(), limit, this.#clock.now() - this.#limits.maxAge);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    appendRows(this.#state, encodeRows(rows), this.#limits);
  }
}

/** Appends rows, and removes what is over the limit. Part of a commit. */
export function appendRows(
  state: HistoryState,
  rows: readonly EncodedRow[],
  { limit }: HistoryLimits,
): void {
  for (const row of rows) {
    const history = state.get(row.entry) ?? { rows: [], removed: 0 };
    history.rows.push(row);
    const surplus = Math.max(0, history.rows.length - limit);
    history.rows.splice(0, surplus);
    history.removed += surplus;
    state.set(row.entry, history);
  }
}
