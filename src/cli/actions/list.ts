import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { readStatus } from '../../read-models/status/entry-status.ts';
import type { EntryStatus, StatusPage, StatusRow } from '../../read-models/status/shapes.ts';
import { loadStatus, loadStoredStatus } from '../../read-models/status/load-status.ts';
import { filterEntries, loadStatusPage } from '../../read-models/status/status-page.ts';
import type { EntrySource } from '../../read-models/status/read-entries.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatEntries } from '../output/entry-table.ts';
import { writeError, writeLine, writeLines } from '../output/write-lines.ts';

export interface ListFlags extends GlobalFlags {
  readonly json?: boolean;
  /** Part of an entry's name, in any case; for configured entries also part of a task's name. */
  readonly search?: string;
}

/** The most stored entries in a table, and the most entries in a table of search results. */
const MAX_SHOWN = 1_000;

/** Entries that one query of a search reads. */
const PAGE = 1_000;

/**
 * `beat list`: prints each entry with its state, declared entries first. Exits with 1 if the store, or the
 * state or definition of an entry, cannot be read.
 */
export async function list(flags: ListFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const now = systemClock.now();
  const { entries, definitions, timezone } = settings;
  const { search } = flags;
  const store = await openState(storeOptions(settings, systemClock));
  try {
    if (search !== undefined) {
      const found = searchAll({ store, entries, definitions }, search, now);
      return await (flags.json ? printJson(found) : printFound(found, search, timezone));
    }
    const rows = await loadStatus(store, entries, now);
    const stored = loadStoredStatus(store, definitions, now);
    return await (flags.json ? printJson(rows, stored) : printAll(rows, stored, timezone));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const what = 'the ledger is unreachable, so LAST SENT and RUNS are unknown';
    writeError(`beat: ${what}: ${(error as Error).message}`);
    const found = filterEntries(entries, search ?? '');
    const rows = found.map((entry) => readStatus(entry, undefined, now));
    await (flags.json ? printJson(rows) : printAll(rows, [], timezone));
    return EXIT.failure;
  } finally {
    await store.close();
  }
}

type Rows = Iterable<StatusRow> | AsyncIterable<StatusRow>;

async function printJson(...lists: readonly Rows[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  for (const rows of lists) {
    for await (const row of rows) {
      if (row.error !== undefined) code = EXIT.failure;
      if (!(await writeLine(JSON.stringify(row)))) return code;
    }
  }
  return code;
}

async function* searchAll(source: EntrySource, search: string, now: number): AsyncGenerator<StatusRow> {
  for (let after: string | null = null; ;) {
    const page: StatusPage = await loadStatusPage(source, { search, limit: PAGE, after }, now);
    yield* page.entries;
    if (page.next === null) return;
    after = page.next;
  }
}

async function printAll(declared: readonly StatusRow[], stored: Rows, zone: string): Promise<ExitCode> {
  const rows = [...declared];
  const most = declared.length + MAX_SHOWN;
  for await (const row of stored) {
    if (rows.push(row) > most) break;
  }
  const rest = `the ${thousands(MAX_SHOWN)} stored entries due next; --json lists all`;
  return printTable(rows, most, { zone, rest });
}

async function printFound(found: Rows, search: string, zone: string): Promise<ExitCode> {
  const rows: StatusRow[] = [];
  for await (const row of found) {
    if (rows.push(row) > MAX_SHOWN) break;
  }
  if (rows.length === 0) {
    await writeLine(`no entry is found by ${JSON.stringify(search)}; stored entries are found by their names alone`);
    return EXIT.ok;
  }
  const rest = `the first ${thousands(MAX_SHOWN)}; --json lists all`;
  return printTable(rows, MAX_SHOWN, { zone, rest });
}

/**
 * Prints the first `most` rows, and `rest` if there are more. Unreadable entries go to standard error, each on a line.
 */
async function printTable(
  rows: readonly StatusRow[],
  most: number,
  { zone, rest }: { readonly zone: string; readonly rest: string },
): Promise<ExitCode> {
  const readable: EntryStatus[] = [];
  let code: ExitCode = EXIT.ok;
  for (const row of rows.slice(0, most)) {
    if (row.error === undefined) readable.push(row);
    else {
      writeError(`beat: ${row.error}`);
      code = EXIT.failure;
    }
  }
  await writeLines(formatEntries(readable, zone));
  if (rows.length > most) await writeLine(rest);
  return code;
}
