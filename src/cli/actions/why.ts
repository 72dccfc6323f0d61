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
    const commands = await store.commands.readAudit(AUDIT_ROWS);
    const audit = commands.flatMap((json) => decodeAudit(json) ?? []);
    const explainAt = async (instant: number) => {
      const rows = await readSince(history, name, instant);
      return explain({ entry, state, ...rows }, instant, audit, now);
    };
    const found = await explainAt(at);
    // Operators often know the time only roughly.
    const { previous, next } = found;
    const near: Near =
      found.account === null
        ? {
            before: previous === null ? null : await explainAt(previous),
            after: next === null ? null : await explainAt(next),
          }
        : { before: null, after: null };
    const zone = entry.schedule.timezone ?? settings.timezone;
    const rule = entry.schedule.description ?? entry.schedule.spec;
    await writeLine(
      flags.json ? toJson(name, rule, found, near) : format(name, rule, found, near, zone),
    );
    return EXIT.ok;
  });
}

/** The occurrences around an instant at which none was expected. */
interface Near {
  readonly before: Why | null;
  readonly after: Why | null;
}

function format(name: string, rule: string, found: Why, near: Near, zone: string): string {
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
  const became = (other: Why | null) =>
    other?.reasons.length ? `: ${other.reasons.join('; ')}` : '';
  lines.push(
    `Occurrence before: ${show(previous)}${became(near.before)}`,
    `Occurrence after:  ${show(next)}${became(near.after)}`,
  );
  return lines.join('\n');
}

function toJson(entry: string, schedule: string, found: Why, near: Near): string {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  return JSON.stringify({
    ...{ entry, at: iso(at), isDue, schedule, reasons, fields },
    ...{ previous: iso(previous), next: iso(next), status: account?.kind ?? 'not-due' },
    ...(near.before && { before: summarize(near.before) }),
    ...(near.after && { after: summarize(near.after) }),
    ...(account?.kind === 'published' && { run: viewRun(entry, account.run) }),
    ...(account?.kind === 'published-twice' && {
      runs: account.runs.map((run) => viewRun(entry, run)),
    }),
    ...(account?.kind === 'skipped' && { skip: viewSkip(entry, account.skip) }),
  });
}

function summarize({ at, account, reasons }: Why): object {
  return { at: iso(at), status: account?.kind ?? 'not-due', reasons };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
