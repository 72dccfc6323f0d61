import type { SkipReason } from '../catalog/catch-up.ts';
import type { RunCause } from '../message/run.ts';

/** How much history a store retains for each entry. */
export interface HistoryLimits {
  /** Rows of one entry. At least so many of the newest are retained; stores remove older ones in batches. */
  readonly limit: number;
  /** Milliseconds. Older rows are never read, and are removed in the background. */
  readonly maxAge: number;
}

export const DEFAULT_HISTORY: HistoryLimits = { limit: 100, maxAge: 30 * 24 * 60 * 60 * 1_000 };

/**
 * What happened to an entry. Stores hold rows as JSON texts, in the order in which they were appended; a row is never
 * changed. Rows that were read also have the fields that this release does not know, and rows of a kind that it does
 * not know are left out. Instants are epoch milliseconds.
 */
export type HistoryRow = RunRow | SkipRow | OutcomeRow;

/** A run was committed: its messages were published, or wait in the outbox. */
export interface RunRow {
  readonly kind: 'run';
  /** The nominal instant. */
  readonly dueAt: number;
  /** When its messages were rendered, by the leader's clock. */
  readonly sentAt: number;
  readonly cause: RunCause;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  readonly task: string;
  /** The queue of the first message, or its exchange if the message names no queue. */
  readonly queue: string;
  /** The fencing token of the leader's term. */
  readonly term: number;
  /** The leader: `gen<pid>@<host>`, the origin of its messages. */
  readonly leader: string;
  /** The entry's run count with this run: 1 for its first. Numbers that are left out belong to rows that are missing. */
  readonly number: number;
  /** The id of the command that asked for it; absent for `schedule` and `catch-up`. */
  readonly command?: string;
}

/** A stretch of occurrences that are never published. */
export interface SkipRow {
  readonly kind: 'skip';
  /** The oldest skipped occurrence. */
  readonly first: number;
  /** The newest skipped occurrence. */
  readonly last: number;
  /** How many occurrences; `null` if there are very many. */
  readonly count: number | null;
  readonly reason: SkipReason;
  /** When it was decided, by the leader's clock. */
  readonly at: number;
  readonly term: number;
  /** The run that is withdrawn, of the occurrence `first`: its row precedes this one, but no queue has received it. */
  readonly taskId?: string;
}

/** How the task of a run ended. A repeated row of one task id is the same outcome. */
export interface OutcomeRow {
  readonly kind: 'outcome';
  readonly taskId: string;
  readonly dueAt: number;
  /** Celery's state of the task. */
  readonly state: 'SUCCESS' | 'FAILURE' | 'REVOKED' | (string & {});
  readonly doneAt: number;
  /** Milliseconds; `null` if unknown. */
  readonly runtime: number | null;
  readonly worker: string | null;
  /** The text of the exception; `null` unless it failed. */
  readonly error: string | null;
}

/** A place in the history of an entry, as one store names it. */
export type HistoryPosition = string;

export interface HistoryPage {
  /** Newest first. */
  readonly rows: readonly HistoryRow[];
  /** Where older rows continue; `null` if there are none. */
  readonly next: HistoryPosition | null;
}

/** A row with the name of its entry. */
export interface EntryRow {
  readonly entry: string;
  readonly row: HistoryRow;
}

/** Per entry: what was published and what was skipped. Commits append to it, together with the states. */
export interface History {
  /** At most `limit` rows of an entry, newest first; those before a position, or the newest. */
  read(
    entry: string,
    options: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage>;
  /** Appends rows that belong to no commit, such as outcomes. Not fenced: a repeated call appends them again. */
  append(rows: readonly EntryRow[]): Promise<void>;
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

/** When it happened, which decides how long the row is retained. Epoch milliseconds. */
function timeOf(row: HistoryRow): number {
  if (row.kind === 'run') return row.sentAt;
  return row.kind === 'skip' ? row.at : row.doneAt;
}

export function encodeRows(rows: readonly EntryRow[]): EncodedRow[] {
  return rows.map(({ entry, row }) => encodeRow(entry, row, null));
}

function encodeRow(entry: string, row: HistoryRow, previous: number | null): EncodedRow {
  return { entry, at: timeOf(row), previous, text: JSON.stringify(row) };
}

/** What the history takes of a change. */
interface RecordedChange {
  readonly entry: string;
  readonly before: { readonly sentAt: number | null } | null;
  readonly history?: readonly HistoryRow[] | undefined;
}

/**
 * The rows that a commit appends, of each change the newest that are retained; none without a history. Encode them
 * before a transaction, because other clients wait for it.
 */
export function encodeHistory(
  changes: readonly RecordedChange[],
  limits: HistoryLimits | null,
): readonly EncodedRow[] {
  if (!limits) return [];
  const encoded: EncodedRow[] = [];
  for (const { entry, before, history = [] } of changes) {
    const rows = history.length > limits.limit ? history.slice(-limits.limit) : history;
    for (const row of rows) encoded.push(encodeRow(entry, row, before?.sentAt ?? null));
  }
  return encoded;
}

/** Decodes a row; `null` for a text that is none, and for a kind of row that this release does not know. */
function decodeRow(text: string): HistoryRow | null {
  try {
    const row = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    return row !== null && isRow(row) ? (row as unknown as HistoryRow) : null;
  } catch {
    return null;
  }
}

/** A page of stored rows, newest first, of which older ones than `oldest` (epoch milliseconds) are left out. */
export function toPage(
  stored: readonly { readonly text: string; readonly position: HistoryPosition }[],
  limit: number,
  oldest: number,
): HistoryPage {
  const rows = stored.flatMap(({ text }) => decodeRow(text) ?? []);
  const recent = rows.filter((row) => timeOf(row) >= oldest);
  const isEnd = stored.length < limit || recent.length < rows.length;
  return { rows: recent, next: isEnd ? null : stored.at(-1)!.position };
}

/** The fields of each kind of row that readers compute with. */
const REQUIRED = {
  run: { numbers: ['dueAt', 'sentAt'], text: 'taskId' },
  skip: { numbers: ['first', 'last', 'at'], text: 'reason' },
  outcome: { numbers: ['dueAt', 'doneAt'], text: 'taskId' },
} as const;

function isRow(row: Readonly<Record<string, unknown>>): boolean {
  const kind = String(row['kind']);
  if (!Object.hasOwn(REQUIRED, kind)) return false;
  const { numbers, text } = REQUIRED[kind as HistoryRow['kind']];
  return numbers.every((name) => Number.isFinite(row[name])) && typeof row[text] === 'string';
}
