import { listInstances } from '../../read-models/status/load-status.ts';
import type { InstanceRow } from '../../read-models/status/shapes.ts';
import { isReadable, isUnreadable } from '../../contracts/store/unreadable.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type JsonFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatRecords, formatUnreadable, writeError, writeLines } from '../output/lines.ts';
import { withStore } from './with-store.ts';

/** `beat instances`: lists the instances that were seen within 15 seconds. Exits with 1 if none leads. */
export async function instances(flags: JsonFlags): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const found = await withStore(settings, ({ instances: all }) => listInstances(all));
  await writeLines(flags.json ? found.map((row) => JSON.stringify(row)) : formatText(found, settings.timezone));
  if (found.filter(isReadable).some(({ role }) => role === 'leader')) return EXIT.ok;
  writeError('beat: no instance leads');
  return EXIT.failure;
}

function formatText(found: readonly InstanceRow[], zone: string): readonly string[] {
  const table = formatRecords(
    [
      ['HOST', ({ host }) => host],
      ['PID', ({ pid }) => String(pid ?? '')],
      ['ROLE', ({ role }) => role],
      ['TERM', ({ term }) => String(term ?? '')],
      ['SKEW', ({ skewMs }) => (skewMs === null ? '' : `${skewMs} ms`)],
      ['VERSION', ({ version }) => version],
      ['STARTED', ({ startedAt }) => formatInZone(Math.floor(Date.parse(startedAt) / 1_000) * 1_000, zone)],
    ],
    found.filter(isReadable),
  );
  return [...table, ...found.filter(isUnreadable).map(formatUnreadable)];
}
