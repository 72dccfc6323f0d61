import { describeAccount } from '../../read-models/history/account.ts';
import type { LoadedWhy, Why } from '../../read-models/history/explain.ts';
import { loadWhy } from '../../read-models/history/load-history.ts';
import { viewWhy } from '../../read-models/history/view.ts';
import { formatIso } from '../../util/format-iso.ts';
import { systemClock } from '../../util/system-clock.ts';
import { StoreError } from '../../util/errors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant, readSettings, type JsonFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, formatTable, writeLines } from '../output/lines.ts';
import { findEntry, withHistory } from './with-store.ts';

const SECOND = 1_000;

/** `beat why NAME [--at T]`: explains why an entry was or was not due at an instant, and what became of it. */
export async function why(flags: JsonFlags & { readonly at?: string }, name: string): Promise<ExitCode> {
  const now = systemClock.now();
  const at = flags.at === undefined ? now - (now % SECOND) : readInstant('--at', flags.at);
  const settings = await readSettings(flags);
  return withHistory(settings, async ({ store, history, source }) => {
    const found = await findEntry(source, name);
    if (found.error !== undefined) throw new StoreError(found.error);
    const { entry } = found;
    const zone = entry.schedule.timezone ?? settings.timezone;
    const rule = entry.schedule.description ?? entry.schedule.spec;
    const show = (instant: number) => (flags.json ? formatIso(instant) : formatInZone(instant, zone));
    const loaded = await loadWhy({ history, commands: store.commands }, found, at, { now, show });
    await writeLines(
      flags.json
        ? [JSON.stringify(viewWhy(name, rule, loaded))]
        : formatWhy(name, rule, loaded, (instant) => (instant === null ? 'none' : show(instant))),
    );
    return EXIT.ok;
  });
}

function formatWhy(
  name: string,
  rule: string,
  { found, before, after }: LoadedWhy,
  show: (at: number | null) => string,
): readonly string[] {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  const lines = [
    `${formatCell(name)} at ${show(at)}: ${account ? describeAccount(account) : isDue ? 'not expected' : 'not due'}`,
    ...reasons.map((reason) => `  ${reason}`),
    '',
    `Schedule: ${rule}`,
  ];
  if (fields) {
    const rows = fields.fields.map(({ field, rule: part, value, matches }) => [
      ...[`  ${field}`, part, value, matches ? 'matches' : 'does not match'],
    ]);
    lines.push(...formatTable(['  FIELD', 'RULE', `AT ${fields.local}`, ''], rows));
    lines.push(...fields.notes.map((note) => `  ${note}`));
  }
  const became = (near: Why | null) => (near?.reasons.length ? `: ${near.reasons.join('; ')}` : '');
  lines.push(
    `Due at this instant: ${isDue ? 'yes' : 'no'}`,
    `Occurrence before: ${show(previous)}${became(before)}`,
    `Occurrence after:  ${show(next)}${became(after)}`,
  );
  return lines;
}
