import { createInterface } from 'node:readline/promises';
import { backfill as preview, MAX_BACKFILLED } from '../../entries/commands/entry-commands.ts';
import { runAtOnce } from '../../util/steps.ts';
import type { Settings } from '../../config/settings.ts';
import { reconcile } from '../../entries/planning/adopt.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import { formatIso } from '../../util/format-iso.ts';
import { thousands } from '../../util/thousands.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant, readSettings } from '../flags/options.ts';
import { findEntry, withStore } from './with-store.ts';
import { send, type SendFlags } from './send.ts';
import { formatCell, writeError, writeLines } from '../output/lines.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';

interface BackfillFlags extends SendFlags {
  readonly from: string;
  readonly to: string;
  readonly yes?: boolean;
}

/** Instants that the preview shows at each end. */
const SHOWN = 3;

/** `beat backfill NAME`: shows the runs that it would publish, asks, and sends the command. */
export async function backfill(flags: BackfillFlags, name: string): Promise<ExitCode> {
  const settings = await readSettings(flags);
  const [from, to] = [readInstant('--from', flags.from), readInstant('--to', flags.to)];
  const { outcome, zone } = await planBackfill(settings, name, from, to);
  if (outcome.kind === 'rejected') throw new ConfigError(outcome.reason);
  if (!flags.json) await writeLines(formatPreview(name, outcome.runs, zone));
  if (!flags.yes && !(await isConfirmed())) {
    writeError('beat: nothing was published; confirm with y, or pass --yes');
    return EXIT.failure;
  }
  const request = { do: 'backfill', entry: name, from: formatIso(from), to: formatIso(to) } as const;
  return withStore(settings, (store) => send(store, request, flags));
}

/** Plans the command as the leader would now, and finds the zone of the entry. */
async function planBackfill(settings: Settings, name: string, from: number, to: number) {
  const { entries, definitions, timezone } = settings;
  const found = await withStore(settings, (store) => findEntry({ store, entries, definitions }, name));
  if (found.error !== undefined) throw new StoreError(found.error);
  const { entry, state: known } = found;
  const now = systemClock.now();
  const { state } = reconcile({ ...entry, enabled: true }, known ?? undefined, now)!;
  const sent = { id: '', at: null, by: '', reason: null };
  const command = { ...sent, do: 'backfill', entry: name, from, to } as const;
  const outcome = runAtOnce(preview({ entry, state }, command, now));
  return { outcome, zone: entry.schedule.timezone ?? timezone };
}

function formatPreview(name: string, instants: readonly number[], zone: string): readonly string[] {
  const lines = instants.map((at) => `  ${formatInZone(at, zone)}`);
  const left = lines.length - 2 * SHOWN;
  const shown = left > 0 ? [...lines.slice(0, SHOWN), `  … ${thousands(left)} more …`, ...lines.slice(-SHOWN)] : lines;
  const runs = instants.length === 1 ? '1 run' : `${thousands(instants.length)} runs`;
  return [`${runs} of ${formatCell(name)} (at most ${thousands(MAX_BACKFILLED)}):`, ...shown];
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Publish them? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
