import { systemClock } from '../../util/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../util/errors.ts';
import type { EntryState, OnUnreadable } from '../../store/entry-state.ts';
import { repairCommand } from '../../store/repair-command.ts';
import { readStatus, type EntryStatus } from '../../status/entry-status.ts';
import { storeOptions } from '../../config/service/store-options.ts';
import { openStore } from '../../drivers/open-store.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone, formatTable } from '../output/table.ts';

/** `beat list`: prints each entry with its record in the ledger. Exits with 1 if the ledger or a record cannot be read. */
export async function list(flags: GlobalFlags & { readonly json?: boolean }): Promise<ExitCode> {
  const settings = await readSettings(flags);
  let records = new Map<string, EntryState>();
  let code: ExitCode = EXIT.ok;
  try {
    records = await loadStates(settings, (entry, error) => {
      process.stderr.write(`beat: ${error.message}; repair it with: ${repairCommand(entry)}\n`);
      code = EXIT.failure;
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    process.stderr.write(
      `beat: the ledger is unreachable, so LAST SENT and RUNS are unknown: ${(error as Error).message}\n`,
    );
    code = EXIT.failure;
  }
  const rows = settings.entries.map((entry) =>
    readStatus(entry, records.get(entry.name), systemClock.now()),
  );
  if (flags.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(`${formatRows(rows, settings.timezone)}\n`);
  return code;
}

async function loadStates(settings: Settings, unreadable: OnUnreadable) {
  const store = await openStore(storeOptions(settings, systemClock));
  try {
    return await store.ledger.load(unreadable);
  } finally {
    await store.close();
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
