import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { formatDuration } from '../../util/format-duration.ts';
import { thousands } from '../../util/thousands.ts';
import { readStatus } from '../../read-models/status/entry-status.ts';
import type { EntryStatus, StatusPage, StatusRow } from '../../read-models/status/shapes.ts';
import { loadStatus, loadStoredStatus } from '../../read-models/status/load-status.ts';
import { filterEntries, loadStatusPage } from '../../read-models/status/status-page.ts';
import type { EntrySource } from '../../read-models/status/read-entries.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type JsonFlags } from '../flags/options.ts';
import { formatRecords, type TableColumn, writeError, writeJson, writeLine, writeLines } from '../output/lines.ts';

interface ListFlags extends JsonFlags {
  /** Part of an entry's name, in any case; for configured entries also part of a task's name. */
  readonly search?: string;
}

/** The most stored entries in a table, and the most entries in a table of search results. */
const MAX_SHOWN = 1_000;

/** Entries that one query of a search reads. */
const PAGE = 1_000;

/** `beat list`: prints entries, declared ones first. Exits with 1 if the store, a state or definition is unreadable. */
export async function list(flags: ListFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const now = systemClock.now();
  const { entries, definitions, timezone } = settings;
  const { search, json } = flags;
  const store = await openState(storeOptions(settings, systemClock));
  try {
    if (search !== undefined) {
      const found = searchAll({ store, entries, definitions }, search, now);
      return await (json ? printJson(found) : printFound(found, search, timezone));
    }
    const rows = await loadStatus(store, entries, now);
    const stored = loadStoredStatus(store, definitions, now);
    return await (json ? printJson(rows, stored) : printAll(rows, stored, timezone));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const what = 'the ledger is unreachable, so LAST SENT and RUNS are unknown';
    writeError(`beat: ${what}: ${(error as Error).message}`);
    const rows = filterEntries(entries, search ?? '').map((entry) => readStatus(entry, undefined, now));
    await (json ? printJson(rows) : printTable(rows, timezone));
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
      if (!(await writeJson(row))) return code;
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

/** The first rows of a table, and whether there are more. */
async function takeShown(rows: Rows): Promise<readonly [rows: readonly StatusRow[], isCut: boolean]> {
  const taken: StatusRow[] = [];
  for await (const row of rows) {
    if (taken.length === MAX_SHOWN) return [taken, true];
    taken.push(row);
  }
  return [taken, false];
}

async function printAll(declared: readonly StatusRow[], stored: Rows, zone: string): Promise<ExitCode> {
  const [rows, isCut] = await takeShown(stored);
  const code = await printTable([...declared, ...rows], zone);
  if (isCut) await writeLine(`the ${thousands(MAX_SHOWN)} stored entries due next; --json lists all`);
  return code;
}

async function printFound(found: Rows, search: string, zone: string): Promise<ExitCode> {
  const [rows, isCut] = await takeShown(found);
  if (rows.length === 0) {
    await writeLine(`no entry is found by ${JSON.stringify(search)}; stored entries are found by their names alone`);
    return EXIT.ok;
  }
  const code = await printTable(rows, zone);
  if (isCut) await writeLine(`the first ${thousands(MAX_SHOWN)}; --json lists all`);
  return code;
}

/** Prints a table. Unreadable entries go to standard error, each on a line. */
async function printTable(rows: readonly StatusRow[], zone: string): Promise<ExitCode> {
  const readable = rows.filter((row) => row.error === undefined);
  for (const { error } of rows) if (error !== undefined) writeError(`beat: ${error}`);
  await writeLines(formatEntries(readable, zone));
  return readable.length === rows.length ? EXIT.ok : EXIT.failure;
}

/** Formats entries with their states. Instants are in the zone of the entry, else in `zone`. */
function formatEntries(rows: readonly EntryStatus[], zone: string): readonly string[] {
  const show = (iso: string | null, { timezone }: EntryStatus) =>
    iso === null ? 'never' : formatInZone(Date.parse(iso), timezone ?? zone);
  const next = (row: EntryStatus) => {
    const { enabled, paused, nextDueAt } = row;
    if (!enabled) return 'disabled';
    if (!paused) return show(nextDueAt, row);
    return paused.until === null ? 'paused' : `paused; ${show(nextDueAt, row)}`;
  };
  const columns: TableColumn<EntryStatus>[] = [
    ['ENTRY', ({ entry }) => entry],
    ['TASK', ({ task }) => task],
    ['SCHEDULE', ({ schedule }) => schedule],
    ['LAST SENT', (row) => show(row.lastSentAt, row)],
    ['RUNS', ({ runCount }) => String(runCount)],
    ['NEXT DUE', next],
  ];
  if (rows.some(({ lastOutcome }) => lastOutcome)) columns.push(['LAST OUTCOME', formatOutcome]);
  // Most tables have no skipped occurrence to show.
  if (rows.some(({ lastSkipped }) => lastSkipped)) {
    const skipped = (row: EntryStatus) =>
      row.lastSkipped ? `${show(row.lastSkipped.dueAt, row)} (${row.lastSkipped.reason})` : '';
    columns.push(['LAST SKIPPED', skipped]);
  }
  return formatRecords(columns, rows);
}

function formatOutcome({ lastOutcome }: EntryStatus): string {
  if (!lastOutcome) return '';
  const { state, runtimeMs } = lastOutcome;
  return runtimeMs === null ? state : `${state} (${formatDuration(runtimeMs)})`;
}
