import { parseJson } from '../../util/decode/json.ts';
import { ROW_CHECKS, type HistoryRow } from './history-row.ts';
import { countMinutes, type MinuteCounts } from './minutes.ts';
import { isText } from './record-fields.ts';
import { repairCommand, describeUnreadable, type Unreadable } from './unreadable.ts';

/** How much history a store retains for each entry. */
export interface HistoryLimits {
  /** Rows of one entry. At least the newest `limit` rows are retained; stores remove older ones in batches. */
  readonly limit: number;
  /** Milliseconds. Older rows are never read, and are removed in the background. */
  readonly maxAge: number;
}

export const DEFAULT_HISTORY: HistoryLimits = { limit: 100, maxAge: 30 * 24 * 60 * 60 * 1_000 };

export type { HistoryRow, OutcomeRow, RunRow, SkipRow } from './history-row.ts';

/** A place in the history of an entry, as one store names it. Readers may pass that of another store. */
export type HistoryPosition = string;

/** The form of every position, which the API checks. */
export const HISTORY_POSITION = /^\d{1,15}(-[\w-]+)?$/;

/** A row of a page. The id of an unreadable row is its position. */
export type ReadRow = HistoryRow | Unreadable;

export interface HistoryPage {
  /** Newest first. */
  readonly rows: readonly ReadRow[];
  /** Where older rows continue; `null` if there are none. */
  readonly next: HistoryPosition | null;
}

export interface EntryRow {
  readonly entry: string;
  readonly row: HistoryRow;
}

/** Per entry: what was published and what was skipped. Commits append to it, together with the states. */
export interface History {
  /** Reads at most `limit` rows of an entry, newest first: the rows before a position, or the newest. */
  read(
    entry: string,
    options: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage>;
  /** The readable rows among the newest `limit` rows of each entry, newest first; an empty list for none. */
  latest(entries: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly HistoryRow[]>>;
  /**
   * The counts of the minutes that begin in `[from, to)`, epoch milliseconds, oldest first, without empty minutes.
   * Stores hold at least the last 24 hours.
   */
  minutes(from: number, to: number): Promise<readonly MinuteCounts[]>;
  /** Appends rows that belong to no commit, such as outcomes. Not fenced: a repeated call appends them again. */
  append(rows: readonly EntryRow[]): Promise<void>;
  /** Removes the rows at these positions. Ignores positions without a row. */
  removeRows(entry: string, positions: readonly HistoryPosition[]): Promise<void>;
}

/** A row as stores write it. */
export interface EncodedRow {
  readonly entry: string;
  /** When it happened, epoch milliseconds. */
  readonly at: number;
  /** When the entry ran before, epoch milliseconds; `null` if unknown. */
  readonly previous: number | null;
  readonly text: string;
}

/** What a store writes for some rows. */
export interface EncodedHistory {
  readonly rows: readonly EncodedRow[];
  /** What the rows add to the counts of their minutes, oldest first. */
  readonly minutes: readonly MinuteCounts[];
}

/** What a commit without a history appends. */
export const NO_HISTORY: EncodedHistory = { rows: [], minutes: [] };

/** When it happened, from which the retention of the row counts. Epoch milliseconds. */
function timeOf(row: HistoryRow): number {
  if (row.kind === 'run') return row.sentAt;
  return row.kind === 'skip' ? row.at : row.doneAt;
}

/** Encodes rows that belong to no commit. `now` is in epoch milliseconds. */
export function encodeRows(rows: readonly EntryRow[], now: number): EncodedHistory {
  const changes = rows.map(({ entry, row }) => ({ entry, before: null, history: [row] }));
  return encodeHistory(changes, { limit: 1 }, now);
}

/** The part of a change that the history records. */
export interface RecordedChange {
  readonly entry: string;
  readonly before: { readonly sentAt: number | null } | null;
  readonly history?: readonly HistoryRow[] | undefined;
}

/**
 * Encodes the rows that a commit appends at `now` (epoch milliseconds): of each change the newest, as many as are
 * retained. Call this before a transaction, because other clients wait for the transaction.
 */
export function encodeHistory(
  changes: readonly RecordedChange[],
  { limit }: Pick<HistoryLimits, 'limit'>,
  now: number,
): EncodedHistory {
  const rows = changes.flatMap(({ entry, before, history = [] }) =>
    history.slice(-limit).map((row): EncodedRow => {
      return { entry, at: timeOf(row), previous: before?.sentAt ?? null, text: JSON.stringify(row) };
    }),
  );
  const all = changes.flatMap(({ history = [] }) => history);
  return { rows, minutes: countMinutes(all, now) };
}

/** Decodes a row; `newer` is a row of a kind that this release does not know. */
function decodeRow(text: string): HistoryRow | 'newer' | 'unreadable' {
  try {
    const row = parseJson(text) as Readonly<Record<string, unknown>> | null;
    const kind = row?.['kind'];
    if (!isText(kind)) return 'unreadable';
    if (!Object.hasOwn(ROW_CHECKS, kind)) return 'newer';
    return ROW_CHECKS[kind]!(row) ? row : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** Decodes rows. Leaves out unreadable rows, and rows from before `oldest` (epoch milliseconds). */
export function decodeRows(texts: readonly string[], oldest: number): readonly HistoryRow[] {
  return texts.map(decodeRow).filter((row) => typeof row !== 'string' && timeOf(row) >= oldest) as HistoryRow[];
}

/** A page of an entry's stored rows, newest first, without rows from before `oldest` (epoch milliseconds). */
export function toPage(
  entry: string,
  stored: readonly { readonly text: string; readonly position: HistoryPosition }[],
  limit: number,
  oldest: number,
): HistoryPage {
  let hasExpired = false;
  const rows = stored.flatMap(({ text, position }): ReadRow | [] => {
    const row = decodeRow(text);
    if (row === 'newer') return [];
    // Its instant may be wrong, so that its age would hide older rows.
    if (row === 'unreadable') return describeRow(entry, text, position);
    if (timeOf(row) >= oldest) return row;
    hasExpired = true;
    return [];
  });
  const isEnd = stored.length < limit || hasExpired;
  return { rows, next: isEnd ? null : stored.at(-1)!.position };
}

function describeRow(entry: string, text: string, id: HistoryPosition): Unreadable {
  return describeUnreadable(text, {
    id,
    expected: 'a row of the history',
    instants: ['sentAt', 'at', 'doneAt'],
    repair: repairCommand(entry, 'history'),
  });
}
