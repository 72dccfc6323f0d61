import type { History, HistoryPosition, ReadRow } from '../../contracts/store/history.ts';
import { hasFailed, joinRuns, type HistoryItem, type RunHistory } from './join-runs.ts';

/** Rows that one query reads. */
const PAGE = 500;
/** The newest rows, among which the outcomes of a later page are found. */
const NEWEST = 10_000;

/**
 * Reads the rows of an entry, newest first, until one is of an occurrence before `from` (epoch milliseconds) or
 * there are none. Rejects with a `StoreError` when the history cannot be read.
 */
export async function readSince(
  history: History,
  entry: string,
  from: number,
): Promise<{ readonly rows: readonly ReadRow[]; readonly isComplete: boolean }> {
  const rows: ReadRow[] = [];
  for (let before: HistoryPosition | undefined; ;) {
    const page = await history.read(entry, { limit: PAGE, before });
    rows.push(...page.rows);
    if (page.next === null) return { rows, isComplete: true };
    if (page.rows.some((row) => precedes(row, from))) return { rows, isComplete: false };
    before = page.next;
  }
}

/**
 * Reads the newest runs, skipped stretches and unreadable rows of an entry, newest first; with `failed`, only failed runs. The
 * row of an outcome is newer than the row of its run, so it is always read before.
 */
export async function readItems(
  history: History,
  entry: string,
  { limit, failed = false }: { readonly limit: number; readonly failed?: boolean },
): Promise<readonly HistoryItem[]> {
  const rows: ReadRow[] = [];
  for (let before: HistoryPosition | undefined; ;) {
    const page = await history.read(entry, { limit: PAGE, before });
    rows.push(...page.rows);
    const items = joinRuns(rows).filter((item) => !failed || hasFailed(item));
    if (items.length >= limit || page.next === null) return items.slice(0, limit);
    before = page.next;
  }
}

/**
 * Reads a page of runs, skipped stretches and unreadable rows, newest first: of at most `limit` rows, some of which may be
 * parts of runs. The outcome of a run may be on the page before.
 */
export async function readHistoryPage(
  history: History,
  entry: string,
  { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
): Promise<{ readonly items: readonly HistoryItem[]; readonly next: HistoryPosition | null }> {
  const { rows, next } = await history.read(entry, { limit, before });
  const items = joinRuns(rows);
  const isWhole =
    before === undefined || !items.some((item) => item.kind === 'run' && isOpen(item));
  if (isWhole) return { items, next };
  const newest = (await history.latest([entry], NEWEST)).get(entry) ?? [];
  return { items: joinRuns(rows, newest), next };
}

function isOpen({ outcome, withdrawn }: RunHistory): boolean {
  return outcome === null && withdrawn === null;
}

/** Whether a row of the schedule is of an earlier occurrence. A backfill may be of any. */
function precedes(row: ReadRow, from: number): boolean {
  if (row.kind === 'skip') return row.first < from;
  return row.kind === 'run' && row.cause !== 'backfill' && row.dueAt < from;
}
