import { account, type AuditPeriod, describeAccount, scheduledSince } from '../../read-models/history/account.ts';
import { loadRecorded, type LoadedRecord } from '../../read-models/history/load-history.ts';
import type { AccountingLine, AccountKind } from '../../read-models/history/shapes.ts';
import { viewOccurrence } from '../../read-models/history/view.ts';
import { isUnreadable } from '../../contracts/store/unreadable.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant, readSettings, type JsonFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, formatUnreadable, writeError, writeLines } from '../output/lines.ts';
import { findEntry, withHistory } from './with-store.ts';

interface AuditFlags extends JsonFlags {
  readonly from: string;
  readonly to: string;
  readonly problems?: boolean;
}

/** The kinds of accounts that make the audit fail. */
const PROBLEMS: readonly AccountKind[] = ['unaccounted', 'published-twice'];

const KINDS: readonly (readonly [AccountKind, string])[] = [
  ['published', 'published'],
  ['skipped', 'skipped'],
  ['waiting', 'due and not yet dealt with'],
  ['not-yet-due', 'not yet due'],
  ['before-history', 'unknown (before the history)'],
  ['published-twice', 'published twice'],
  ['unaccounted', 'not accounted for'],
];

/** The counts of an audit, as `--json` prints them. */
type Totals = Record<AccountKind | 'entries' | 'unreadable' | 'unreadableRows' | 'scheduledLater', number>;

/**
 * `beat audit`: lists every occurrence in `[from, to)` with what became of it. Exits with 1 if one is not accounted for or was
 * published twice, or if an entry or a row cannot be read. Entries are read one after the other, so that memory is bounded.
 */
export async function audit(flags: AuditFlags, ...names: string[]): Promise<ExitCode> {
  const [from, to] = [readInstant('--from', flags.from), readInstant('--to', flags.to)];
  if (from >= to) throw new ConfigError(`--from must be before --to`);
  const settings = await readSettings(flags);
  const period = { from, to, now: systemClock.now() };
  return withHistory(settings, async ({ history, source }) => {
    for (const name of new Set(names)) await findEntry(source, name);
    const counts = Object.fromEntries(KINDS.map(([kind]) => [kind, 0])) as Record<AccountKind, number>;
    const totals: Totals = { entries: 0, unreadable: 0, unreadableRows: 0, scheduledLater: 0, ...counts };
    for await (const loaded of loadRecorded(source, history, names, from)) {
      if (!(await writeLines(auditEntry(loaded, period, totals, flags, settings.timezone)))) break;
    }
    await writeLines(flags.json ? [formatJson({ summary: totals })] : summarize(totals));
    const isBad = totals.unreadable + totals.unreadableRows > 0 || PROBLEMS.some((kind) => totals[kind] > 0);
    return isBad ? EXIT.failure : EXIT.ok;
  });
}

function* auditEntry(
  loaded: LoadedRecord,
  period: AuditPeriod,
  totals: Totals,
  { json, problems }: AuditFlags,
  defaultZone: string,
): Generator<string> {
  totals.entries += 1;
  if (loaded.kind === 'unreadable') {
    totals.unreadable += 1;
    writeError(`beat: ${loaded.error}`);
    return;
  }
  const { recorded } = loaded;
  const { name: entry, schedule } = recorded.entry;
  for (const row of recorded.rows.filter(isUnreadable)) {
    // A row is written after its occurrence, so the occurrence of this row is before the period.
    if (row.at !== null && Date.parse(row.at) < period.from) continue;
    totals.unreadableRows += 1;
    yield json ? formatJson({ entry, ...row, status: 'unreadable' }) : `${formatCell(entry)}  ${formatUnreadable(row)}`;
  }
  if (scheduledSince(recorded) > period.from) totals.scheduledLater += 1;
  for (const occurrence of account(recorded, period)) {
    const { dueAt, account: found } = occurrence;
    totals[found.kind] += 1;
    if (problems && !PROBLEMS.includes(found.kind)) continue;
    yield json
      ? formatJson(viewOccurrence(entry, occurrence))
      : `${formatInZone(dueAt, schedule.timezone ?? defaultZone)}  ${formatCell(entry)}  ${describeAccount(found)}`;
  }
}

function formatJson(line: AccountingLine): string {
  return JSON.stringify(line);
}

function* summarize(totals: Totals): Generator<string> {
  const isShown = (kind: AccountKind) => totals[kind] > 0 || PROBLEMS.includes(kind) || kind === 'published';
  const parts = KINDS.filter(([kind]) => isShown(kind)).map(([kind, text]) => `${thousands(totals[kind])} ${text}`);
  const entries = totals.entries === 1 ? '1 entry' : `${thousands(totals.entries)} entries`;
  yield `${entries}: ${parts.join(', ')}`;
  if (totals.unreadableRows > 0) yield `Rows of the history that cannot be read: ${thousands(totals.unreadableRows)}`;
  if (totals['before-history'] > 0) {
    yield 'The history does not reach back to all of the period: history.limit and history.maxAge set how far it does.';
  }
  if (totals.scheduledLater > 0) {
    yield `${thousands(totals.scheduledLater)} of them were added, edited or enabled after --from, or are not scheduled: nothing is expected of them before.`;
  }
}
