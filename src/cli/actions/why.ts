import { decodeAudit } from '../../commands/audit.ts';
import { explain, type Why } from '../../history/explain.ts';
import { readSince } from '../../history/read-history.ts';
import { viewRun, viewSkip } from '../../history/view.ts';
import { AUDIT_ROWS } from '../../store/command-log.ts';
import { systemClock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant } from '../flags/instant.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone, formatTable } from '../output/table.ts';
import { writeLine } from '../output/write-lines.ts';
import { describeAccount } from './format-account.ts';
import { findEntry, withHistory } from './open-history.ts';

export interface WhyFlags extends GlobalFlags {
  readonly at: string;
  readonly json?: boolean;
}

/** `beat why NAME --at T`: explains why an entry was or was not due at an instant, and what became of it. */
export async function why(name: string, flags: WhyFlags): Promise<ExitCode> {
  const at = readInstant('--at', flags.at);
  const settings = await readSettings(flags);
  const now = systemClock.now();
  return withHistory(settings, async ({ store, history, source }) => {
    const { row, entry, state = null } = await findEntry(source, name, now);
    if (row.error !== undefined || !entry) throw new StoreError(row.error ?? 'unreadable');
    const rows = await readSince(history, name, at);
    const commands = await store.commands.readAudit(AUDIT_ROWS);
    const audit = commands.flatMap((json) => decodeAudit(json) ?? []);
    const found = explain({ entry, state, ...rows }, at, audit, now);
    const zone = entry.schedule.timezone ?? settings.timezone;
    const rule = entry.schedule.description ?? entry.schedule.spec;
    await writeLine(flags.json ? toJson(name, rule, found) : format(name, rule, found, zone));
    return EXIT.ok;
  });
}

function format(name: string, rule: string, found: Why, zone: string): string {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  const show = (instant: number | null) =>
    instant === null ? 'none' : formatInZone(instant, zone);
  const lines = [
    `${name} at ${formatInZone(at, zone)}: ${account ? describeAccount(account) : 'not due'}`,
    ...reasons.map((reason) => `  ${reason}`),
    '',
    `Schedule: ${rule}`,
  ];
  if (fields) {
    const rows = fields.fields.map(({ field, rule: part, value, matches }) => [
      ...[`  ${field}`, part, value, matches ? 'matches' : 'does not match'],
    ]);
    lines.push(formatTable(['  FIELD', 'RULE', `AT ${fields.local}`, ''], rows));
    lines.push(...fields.notes.map((note) => `  ${note}`));
  }
  lines.push(`Due at this instant: ${isDue ? 'yes' : 'no'}`);
  lines.push(`Occurrence before: ${show(previous)}`, `Occurrence after:  ${show(next)}`);
  return lines.join('\n');
}

function toJson(entry: string, schedule: string, found: Why): string {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  return JSON.stringify({
    ...{ entry, at: iso(at), isDue, schedule, reasons, fields },
    ...{ previous: iso(previous), next: iso(next), status: account?.kind ?? 'not-due' },
    ...(account?.kind === 'published' && { run: viewRun(entry, account.run) }),
    ...(account?.kind === 'published-twice' && {
      runs: account.runs.map((run) => viewRun(entry, run)),
    }),
    ...(account?.kind === 'skipped' && { skip: viewSkip(entry, account.skip) }),
  });
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
