import { listInstances } from '../../read-models/status/load-status.ts';
import type { InstanceRow } from '../../read-models/status/shapes.ts';
import { isReadable, isUnreadable } from '../../contracts/store/unreadable.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatTable, formatUnreadable } from '../output/table.ts';
import { writeError, writeLines } from '../output/write-lines.ts';
import { withStore } from './with-store.ts';

export interface InstancesFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** `beat instances`: lists the instances that were seen within 15 seconds. Exits with 1 if none leads. */
export async function instances(flags: InstancesFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const found = await withStore(settings, ({ instances: all }) => listInstances(all));
  await writeLines(flags.json ? found.map((row) => JSON.stringify(row)) : formatText(found, settings.timezone));
  if (found.filter(isReadable).some(({ role }) => role === 'leader')) return EXIT.ok;
  writeError('beat: no instance leads');
  return EXIT.failure;
}

function formatText(found: readonly InstanceRow[], zone: string): readonly string[] {
  const heading = ['HOST', 'PID', 'ROLE', 'TERM', 'SKEW', 'VERSION', 'STARTED'];
  const rows = found
    .filter(isReadable)
    .map(({ host, pid, role, term, skewMs, version, startedAt }) => [
      host,
      pid === null ? '' : String(pid),
      role,
      term === null ? '' : String(term),
      skewMs === null ? '' : `${skewMs} ms`,
      version,
      formatInZone(Math.floor(Date.parse(startedAt) / 1_000) * 1_000, zone),
    ]);
  const unreadable = found.filter(isUnreadable);
  return [...formatTable(heading, rows), ...unreadable.map(formatUnreadable)];
}
