import { storeOptions } from '../../config/service/store-options.ts';
import { openState } from '../../drivers/open-store.ts';
import type { Instance } from '../../store/instances.ts';
import { systemClock } from '../../util/clock.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatTable } from '../output/table.ts';
import { writeError, writeLines } from '../output/write-lines.ts';

export interface InstancesFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** `beat instances`: lists the instances that were seen within 15 seconds. Exits with 1 if none leads. */
export async function instances(flags: InstancesFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const found = await store.instances.list();
    await writeLines(flags.json ? formatJson(found) : formatText(found, settings.timezone));
    if (found.some(({ role }) => role === 'leader')) return EXIT.ok;
    writeError('beat: no instance leads');
    return EXIT.failure;
  } finally {
    await store.close();
  }
}

function formatJson(found: readonly Instance[]): readonly string[] {
  return found
    .map(({ startedAt, ...rest }) => ({ ...rest, startedAt: new Date(startedAt).toISOString() }))
    .map((row) => JSON.stringify(row));
}

function formatText(found: readonly Instance[], zone: string): readonly string[] {
  const heading = ['HOST', 'PID', 'ROLE', 'TERM', 'SKEW', 'VERSION', 'STARTED'];
  const rows = found.map(({ host, pid, role, term, skewMs, version, startedAt }) => [
    host,
    pid === null ? '' : String(pid),
    role,
    term === null ? '' : String(term),
    skewMs === null ? '' : `${skewMs} ms`,
    version,
    formatInZone(Math.floor(startedAt / 1_000) * 1_000, zone),
  ]);
  return formatTable(heading, rows);
}
