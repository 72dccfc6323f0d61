import { systemClock } from '../../util/clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { readStatus, type EntryStatus, type StatusRow } from '../../status/entry-status.ts';
import { loadStatus, loadStoredStatus } from '../../status/load-status.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone, formatTable } from '../output/table.ts';

export interface ListFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Stored entries that a table shows. */
const MAX_STORED = 1_000;

/**
 * `beat list`: prints each entry with its state, those of the configuration first. Exits with 1 if the store, or the
 * state or definition of an entry, cannot be read.
 */
export async function list(flags: ListFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const now = systemClock.now();
  const print = (declared: readonly StatusRow[], stored: Rows = []) =>
    flags.json ? printJson(declared, stored) : printTable(declared, stored, settings.timezone);
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const rows = await loadStatus(store, settings.entries, now);
    const stored = loadStoredStatus(store, settings.definitions, now);
    return await print(rows, stored);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const what = 'the ledger is unreachable, so LAST SENT and RUNS are unknown';
    process.stderr.write(`beat: ${what}: ${(error as Error).message}\n`);
    await print(settings.entries.map((entry) => readStatus(entry, undefined, now)));
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
      process.stdout.write(`${JSON.stringify(row)}\n`);
    }
  }
  return code;
}

/** Prints unreadable entries to standard error, each on a line. */
async function printTable(
  declared: readonly StatusRow[],
  stored: Rows,
  zone: string,
): Promise<ExitCode> {
  const rows = [...declared];
  const most = declared.length + MAX_STORED;
  for await (const row of stored) {
    if (rows.push(row) > most) break;
  }
  const readable: EntryStatus[] = [];
  let code: ExitCode = EXIT.ok;
  for (const row of rows.slice(0, most)) {
    if (row.error === undefined) readable.push(row);
    else {
      process.stderr.write(`beat: ${row.error}\n`);
      code = EXIT.failure;
    }
  }
  process.stdout.write(`${formatRows(readable, zone)}\n`);
  if (rows.length > most) {
    const shown = `the ${thousands(MAX_STORED)} stored entries due next`;
    process.stdout.write(`${shown}; --json lists all\n`);
  }
  return code;
}

function formatRows(rows: readonly EntryStatus[], zone: string): string {
  const at: Show = (iso, own) =>
    iso === null ? 'never' : formatInZone(Date.parse(iso), own ?? zone);
  const columns: Column[] = [
    ['ENTRY', ({ entry }) => entry],
    ['TASK', ({ task }) => task],
    ['SCHEDULE', ({ schedule }) => schedule],
    ['LAST SENT', ({ lastSentAt, timezone }) => at(lastSentAt, timezone)],
    ['RUNS', ({ runCount }) => String(runCount)],
    ['NEXT DUE', (row) => formatNext(row, at)],
  ];
  if (rows.some(({ lastOutcome }) => lastOutcome)) columns.push(['LAST OUTCOME', formatOutcome]);
  // Most tables have none.
  if (rows.some(({ lastSkipped }) => lastSkipped)) {
    columns.push(['LAST SKIPPED', (row) => formatSkipped(row, at)]);
  }
  return formatTable(
    columns.map(([heading]) => heading),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
  );
}

type Column = readonly [heading: string, cell: (row: EntryStatus) => string];
type Show = (iso: string | null, zone: string | null) => string;

function formatNext({ enabled, paused, nextDueAt, timezone }: EntryStatus, show: Show): string {
  if (!enabled) return 'disabled';
  if (!paused) return show(nextDueAt, timezone);
  return paused.until === null ? 'paused' : `paused; ${show(nextDueAt, timezone)}`;
}

function formatOutcome({ lastOutcome }: EntryStatus): string {
  if (!lastOutcome) return '';
  const { state, runtimeMs } = lastOutcome;
  return runtimeMs === null ? state : `${state} (${(runtimeMs / 1_000).toFixed(1)} s)`;
}

function formatSkipped({ lastSkipped, timezone }: EntryStatus, show: Show): string {
  return lastSkipped ? `${show(lastSkipped.dueAt, timezone)} (${lastSkipped.reason})` : '';
}
