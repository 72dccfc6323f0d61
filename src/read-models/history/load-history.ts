import { AUDIT_ROWS, type CommandLog } from '../../contracts/store/command-log.ts';
import type { History, HistoryPosition, ReadRow } from '../../contracts/store/history.ts';
import { decodeAnswer } from '../../entries/commands/audit.ts';
import { findEntries, readEntries, type EntrySource } from '../status/read-entries.ts';
import type { Recorded } from './account.ts';
import { explain, type LoadedWhy, type Why, type WhyContext } from './explain.ts';
import { hasFailed, joinRuns, type HistoryItem } from './join-runs.ts';

const PAGE = 500;
/** The newest rows, among which the outcomes of a later page are found. */
const NEWEST = 10_000;

/** Reads pages of rows, newest first, until `isEnough`. Rejects with a `StoreError` when the history cannot be read. */
async function readRows(
  history: History,
  entry: string,
  isEnough: (all: readonly ReadRow[], page: readonly ReadRow[]) => boolean,
): Promise<Pick<Recorded, 'rows' | 'isComplete'>> {
  const rows: ReadRow[] = [];
  for (let before: HistoryPosition | undefined; ;) {
    const page = await history.read(entry, { limit: PAGE, before });
    rows.push(...page.rows);
    if (page.next === null || isEnough(rows, page.rows)) return { rows, isComplete: page.next === null };
    before = page.next;
  }
}

/** Reads the rows of an entry, newest first, back to an occurrence before `from` (epoch milliseconds). */
function readSince(history: History, entry: string, from: number): Promise<Pick<Recorded, 'rows' | 'isComplete'>> {
  return readRows(history, entry, (_, page) => page.some((row) => precedes(row, from)));
}

/** Reads the newest runs, skips and unreadable rows, newest first; with `failed`, only failed runs. */
export async function readItems(
  history: History,
  entry: string,
  { limit, failed = false }: { readonly limit: number; readonly failed?: boolean },
): Promise<readonly HistoryItem[]> {
  const join = (rows: readonly ReadRow[]) => joinRuns(rows).filter((item) => !failed || hasFailed(item));
  const { rows } = await readRows(history, entry, (all) => join(all).length >= limit);
  return join(rows).slice(0, limit);
}

/** Reads a page of at most `limit` rows, newest first, and joins them. An outcome may be on the previous page. */
export async function readHistoryPage(
  history: History,
  entry: string,
  { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
): Promise<{ readonly items: readonly HistoryItem[]; readonly next: HistoryPosition | null }> {
  const { rows, next } = await history.read(entry, { limit, before });
  const items = joinRuns(rows);
  const isOpen = (item: HistoryItem) => item.kind === 'run' && item.outcome === null && item.withdrawn === null;
  if (before === undefined || !items.some(isOpen)) return { items, next };
  return { items: joinRuns(rows, (await history.latest([entry], NEWEST)).get(entry) ?? []), next };
}

/** Whether a row is of an occurrence before `from`. Backfills do not count: their occurrences may be of any time. */
function precedes(row: ReadRow, from: number): boolean {
  if (row.kind === 'skip') return row.first < from;
  return row.kind === 'run' && row.cause !== 'backfill' && row.dueAt < from;
}

/** An entry with its rows; `unreadable` if its state or definition cannot be read. */
export type LoadedRecord =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  | { readonly kind: 'unreadable'; readonly entry: string; readonly error: string };

/** Entries whose states one query reads, and whose histories are read concurrently. */
const ENTRIES = 64;

/**
 * Reads the entries of these names, or all, with their states and rows. Rows reach back to `from`, epoch milliseconds.
 * Only a page of entries is in memory at once. Rejects with a `StoreError` when the store cannot be reached.
 */
export async function* loadRecorded(
  source: EntrySource,
  history: History,
  names: readonly string[],
  from: number,
): AsyncGenerator<LoadedRecord> {
  const pages = names.length > 0 ? [await findEntries(source, names)] : readEntries(source, ENTRIES);
  for await (const page of pages) {
    yield* await Promise.all(
      page.map(async ({ name, entry, state, error }): Promise<LoadedRecord> => {
        if (error !== undefined) return { kind: 'unreadable', entry: name, error };
        return { kind: 'recorded', recorded: { entry, state, ...(await readSince(history, name, from)) } };
      }),
    );
  }
}

/** Explains an instant (epoch ms); without a history, not what became of it. Rejects with a `StoreError`. */
export async function loadWhy(
  { history, commands }: { readonly history?: History | undefined; readonly commands: Pick<CommandLog, 'readAudit'> },
  record: Pick<Recorded, 'entry' | 'state'>,
  at: number,
  context: Pick<WhyContext, 'now' | 'show'>,
): Promise<LoadedWhy> {
  const answered = (await commands.readAudit(AUDIT_ROWS)).flatMap((stored) => decodeAnswer(stored) ?? []);
  const explainAt = async (instant: number): Promise<Why> => {
    const recorded = history ? await readSince(history, record.entry.name, instant) : { rows: [], isComplete: false };
    return explain({ ...record, ...recorded }, instant, { ...context, commands: answered });
  };
  const found = await explainAt(at);
  const near = async (instant: number | null) =>
    found.account !== null || instant === null ? null : explainAt(instant);
  return { found, before: await near(found.previous), after: await near(found.next) };
}
