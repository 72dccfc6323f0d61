import { systemClock } from '../../util/clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { repairCommand } from '../../store/repair-command.ts';
import { readStatus, type EntryStatus } from '../../status/entry-status.ts';
import { loadStatus, loadStoredStatus, type OnUnreadableEntry } from '../../status/load-status.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone, formatTable } from '../output/table.ts';

/** Stored entries that a table shows. */
const MAX_STORED = 1_000;

/**
 * `beat list`: prints each entry with its state, those of the configuration first. Exits with 1 if the store or the
 * state of an entry cannot be read.
 */
export async function list(flags: GlobalFlags & { readonly json?: boolean }): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const now = systemClock.now();
  const print = (declared: readonly EntryStatus[], stored: Rows = []) =>
    flags.json ? printJson(declared, stored) : printTable(declared, stored, settings.timezone);
  let code: ExitCode = EXIT.ok;
  const unreadable: OnUnreadableEntry = (entry, error) => {
    process.stderr.write(`beat: ${error.message}; repair it with: ${repairCommand(entry)}\n`);
    code = EXIT.failure;
  };
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const rows = await loadStatus(store.ledger, settings.entries, now, unreadable);
    const stored = loadStoredStatus(store.entries, settings.definitions, now, unreadable);
    await print(rows, stored);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const what = 'the ledger is unreachable, so LAST SENT and RUNS are unknown';
    process.stderr.write(`beat: ${what}: ${(error as Error).message}\n`);
    code = EXIT.failure;
    await print(settings.entries.map((entry) => readStatus(entry, undefined, now)));
  } finally {
    await store.close();
  }
  return code;
}

type Rows = Iterable<EntryStatus> | AsyncIterable<EntryStatus>;

async function printJson(...lists: readonly Rows[]): Promise<void> {
  for (const rows of lists) {
    for await (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  }
}

async function printTable(
  declared: readonly EntryStatus[],
  stored: Rows,
  zone: string,
): Promise<void> {
  const rows = [...declared];
  const most = declared.length + MAX_STORED;
  for await (const row of stored) {
    if (rows.push(row) > most) break;
  }
  process.stdout.write(`${formatRows(rows.slice(0, most), zone)}\n`);
  if (rows.length > most) {
    process.stdout.write(`the ${MAX_STORED} stored entries due next; --json lists all\n`);
  }
}

function formatRows(rows: readonly EntryStatus[], zone: string): string {
  const heading = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
  const at: Show = (iso, own) =>
    iso === null ? 'never' : formatInZone(Date.parse(iso), own ?? zone);
  return formatTable(
    heading,
    rows.map((row) => [
      row.entry,
      row.task,
      row.schedule,
      at(row.lastSentAt, row.timezone),
      String(row.runCount),
      formatNext(row, at),
    ]),
  );
}

type Show = (iso: string | null, zone: string | null) => string;

function formatNext({ enabled, paused, nextDueAt, timezone }: EntryStatus, show: Show): string {
  if (!enabled) return 'disabled';
  if (!paused) return show(nextDueAt, timezone);
  return paused.until === null ? 'paused' : `paused; ${show(nextDueAt, timezone)}`;
}
