import { systemClock } from '../../util/clock.ts';
import type { Settings } from '../../config/settings.ts';
import type { Entry } from '../../catalog/entry.ts';
import { ConfigError } from '../../util/errors.ts';
import type { EntryState, OnUnreadable } from '../../store/entry-state.ts';
import { repairCommand } from '../../store/repair-command.ts';
import { nextDueAt, reconcile } from '../../scheduling/plan.ts';
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
    records = await loadRecords(settings, (entry, error) => {
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
  const rows = settings.entries.map((entry) => createRow(entry, records.get(entry.name)));
  if (flags.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(`${formatRows(rows, settings.timezone)}\n`);
  return code;
}

interface Row {
  readonly entry: string;
  readonly task: string;
  readonly schedule: string;
  readonly description?: string | undefined;
  readonly timezone: string | null;
  readonly enabled: boolean;
  readonly lastSentAt: string | null;
  readonly runCount: number;
  readonly nextDueAt: string | null;
}

/** Computes the next run as a leader would compute it now; writes nothing. */
function createRow(entry: Entry, record: EntryState | undefined): Row {
  const { name, task, schedule, description, enabled } = entry;
  const current = enabled ? reconcile(entry, record, systemClock.now()) : null;
  return {
    entry: name,
    task,
    schedule: schedule.description ?? schedule.spec,
    ...(description !== undefined && { description }),
    timezone: schedule.timezone ?? null,
    enabled,
    lastSentAt: toIso(record?.sentAt ?? null),
    runCount: record?.runCount ?? 0,
    nextDueAt: toIso(current ? nextDueAt(entry, current.state) : null),
  };
}

async function loadRecords(settings: Settings, unreadable: OnUnreadable) {
  const store = await openStore(storeOptions(settings, systemClock));
  try {
    return await store.ledger.load(unreadable);
  } finally {
    await store.close();
  }
}

function formatRows(rows: readonly Row[], zone: string): string {
  const heading = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
  const at = (iso: string | null, own: string | null) =>
    iso === null ? 'never' : formatInZone(Date.parse(iso), own ?? zone);
  return formatTable(
    heading,
    rows.map((row) => [
      row.entry,
      row.task,
      row.schedule,
      at(row.lastSentAt, row.timezone),
      String(row.runCount),
      row.enabled ? at(row.nextDueAt, row.timezone) : 'disabled',
    ]),
  );
}

function toIso(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : new Date(at).toISOString();
}
