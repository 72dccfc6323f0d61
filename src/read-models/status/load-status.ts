import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { readStoredEntry } from '../../entries/planning/read-stored-entry.ts';
import type { History } from '../../contracts/store/history.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import { repairCommand } from '../../contracts/store/repair-command.ts';
import type { Position, StoredEntries, StoredEntry } from '../../contracts/store/stored-entries.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { addOutcomes } from './last-outcome.ts';
import { readStatus, type StatusRow, type UnreadableEntry } from './entry-status.ts';

type Latest = Pick<History, 'latest'> | undefined;

/** Entries that one query reads. */
const PAGE = 1_000;

/**
 * The status at `now` (epoch milliseconds) of entries of the configuration, in their order, and then of states that
 * cannot be read and belong to no entry of the configuration.
 */
export async function loadStatus(
  { ledger, history }: { readonly ledger: Pick<Ledger, 'load'>; readonly history?: Latest },
  entries: readonly Entry[],
  now: number,
): Promise<readonly StatusRow[]> {
  const unreadable = new Map<string, UnreadableEntry>();
  const states = await ledger.load((entry, { message }) => {
    const error = `${message}; its schedule restarts from now with: ${repairCommand(entry)}`;
    unreadable.set(entry, { entry, source: 'configuration', error });
  });
  const rows = entries.map((entry) => {
    const row = unreadable.get(entry.name);
    unreadable.delete(entry.name);
    return row ?? readStatus(entry, states.get(entry.name), now);
  });
  return addOutcomes(history, [...rows, ...unreadable.values()]);
}

/** The status at `now` (epoch milliseconds) of stored entries, in the order in which they are due. */
export async function* loadStoredStatus(
  { entries, history }: { readonly entries: StoredEntries; readonly history?: Latest },
  definitions: Definitions,
  now: number,
): AsyncGenerator<StatusRow> {
  for (let after: Position | undefined; ;) {
    const page = await entries.page({ limit: PAGE, after });
    const rows = page.map((row) => readStoredStatus(row, definitions, now));
    yield* await addOutcomes(history, rows);
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** The status of a stored entry at `now`, epoch milliseconds. */
export function readStoredStatus(
  row: StoredEntry,
  definitions: Definitions,
  now: number,
): StatusRow {
  try {
    const { entry, state } = readStoredEntry(row, definitions);
    return readStatus(entry, state ?? undefined, now);
  } catch (error) {
    return { entry: row.entry, source: 'store', error: explain(row.entry, error) };
  }
}

function explain(entry: string, error: unknown): string {
  if (!(error instanceof ConfigError)) return describeError(error);
  const problems = error.errors.map(formatDiagnostic).join('; ');
  const name = JSON.stringify(entry);
  return `the definition of stored entry ${name} is invalid: ${problems}; change it with beat update, or remove it with beat remove`;
}
