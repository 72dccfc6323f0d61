import {
  account,
  type Account,
  type AccountedOccurrence,
  describeAccount,
  scheduledSince,
} from '../../read-models/history/account.ts';
import { loadRecorded, type LoadedRecord } from '../../read-models/history/load-history.ts';
import type { AccountingLine } from '../../read-models/history/shapes.ts';
import { viewOccurrence } from '../../read-models/history/view.ts';
import { isUnreadable, type Unreadable } from '../../contracts/store/unreadable.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readInstant } from '../flags/values.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, formatUnreadable } from '../output/table.ts';
import { writeError, writeLine, writeLines } from '../output/write-lines.ts';
import { findEntry, withHistory } from './with-store.ts';

export interface AuditFlags extends GlobalFlags {
  readonly from: string;
  readonly to: string;
  readonly problems?: boolean;
  readonly json?: boolean;
}

type Kind = Account['kind'];

/** The kinds of accounts that make the audit fail. */
const PROBLEMS: ReadonlySet<Kind> = new Set(['unaccounted', 'published-twice']);

/**
 * `beat audit`: lists every occurrence in `[from, to)` with what became of it. Exits with 1 if one is not accounted for or was
 * published twice, or if an entry or a row cannot be read. Entries are read one after the other, so that memory is bounded.
 */
export async function audit(names: readonly string[], flags: AuditFlags): Promise<ExitCode> {
  const [from, to] = [readInstant('--from', flags.from), readInstant('--to', flags.to)];
  if (from >= to) throw new ConfigError(`--from must be before --to`);
  const settings = await readSettings(flags);
  const now = systemClock.now();
  return withHistory(settings, async ({ history, source }) => {
    for (const name of new Set(names)) await findEntry(source, name);
    const report = new Report(flags, settings.timezone, from);
    for await (const loaded of loadRecorded(source, history, names, from)) {
      if (!(await report.add(loaded, { from, to, now }))) break;
    }
    return report.end();
  });
}

/** Prints the audit, and counts what it found. */
class Report {
  readonly #flags: AuditFlags;
  readonly #zone: string;
  readonly #from: number;
  readonly #counts = new Map<Kind, number>();
  #entries = 0;
  #unreadable = 0;
  #unreadableRows = 0;
  /** Entries whose schedule came into force within the period. */
  #later = 0;

  constructor(flags: AuditFlags, zone: string, from: number) {
    this.#flags = flags;
    this.#zone = zone;
    this.#from = from;
  }

  /** Prints the occurrences of an entry. Returns `false` once nothing more can be printed. */
  async add(
    loaded: LoadedRecord,
    period: { readonly from: number; readonly to: number; readonly now: number },
  ): Promise<boolean> {
    this.#entries += 1;
    if (loaded.kind === 'unreadable') {
      this.#unreadable += 1;
      writeError(`beat: ${loaded.error}`);
      return process.stdout.writable;
    }
    const { recorded } = loaded;
    const { name, schedule } = recorded.entry;
    const zone = schedule.timezone ?? this.#zone;
    for (const row of recorded.rows.filter(isUnreadable)) {
      // A row is written after its occurrence, so the occurrence of this row is before the period.
      if (row.at !== null && Date.parse(row.at) < this.#from) continue;
      this.#unreadableRows += 1;
      if (!(await writeLine(this.#formatRow(name, row)))) return false;
    }
    const since = scheduledSince(recorded);
    if (since > this.#from) this.#later += 1;
    for (const occurrence of account(recorded, period)) {
      const { kind } = occurrence.account;
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
      if (this.#flags.problems && !PROBLEMS.has(kind)) continue;
      if (!(await writeLine(this.#format(name, occurrence, zone)))) return false;
    }
    return true;
  }

  async end(): Promise<ExitCode> {
    const count = (kind: Kind) => this.#counts.get(kind) ?? 0;
    if (this.#flags.json) {
      const [entries, unreadable, unreadableRows] = [this.#entries, this.#unreadable, this.#unreadableRows];
      const counts = Object.fromEntries(SUMMARY.map(([kind]) => [kind, count(kind)]));
      const summary = {
        entries,
        unreadable,
        unreadableRows,
        scheduledLater: this.#later,
        ...(counts as Record<Kind, number>),
      };
      await writeLine(formatJson({ summary }));
    } else {
      await writeLines(this.#summarize(count));
    }
    const isBad = this.#unreadable > 0 || this.#unreadableRows > 0 || [...PROBLEMS].some((kind) => count(kind) > 0);
    return isBad ? EXIT.failure : EXIT.ok;
  }

  #format(entry: string, { dueAt, account: found }: AccountedOccurrence, zone: string): string {
    if (!this.#flags.json) return `${formatInZone(dueAt, zone)}  ${formatCell(entry)}  ${describeAccount(found)}`;
    return formatJson(viewOccurrence(entry, { dueAt, account: found }));
  }

  #formatRow(entry: string, row: Unreadable): string {
    if (this.#flags.json) return formatJson({ entry, ...row, status: 'unreadable' });
    return `${formatCell(entry)}  ${formatUnreadable(row)}`;
  }

  #summarize(count: (kind: Kind) => number): readonly string[] {
    const parts = SUMMARY.filter(([kind]) => count(kind) > 0 || PROBLEMS.has(kind) || kind === 'published').map(
      ([kind, text]) => `${thousands(count(kind))} ${text}`,
    );
    const entries = this.#entries === 1 ? '1 entry' : `${thousands(this.#entries)} entries`;
    const lines = [`${entries}: ${parts.join(', ')}`];
    if (this.#unreadableRows > 0) {
      lines.push(`Rows of the history that cannot be read: ${thousands(this.#unreadableRows)}`);
    }
    if (count('before-history') > 0) {
      lines.push(
        'The history does not reach back to all of the period: history.limit and history.maxAge set how far it does.',
      );
    }
    if (this.#later > 0) {
      lines.push(
        `${thousands(this.#later)} of them were added, edited or enabled after --from, or are not scheduled: nothing is expected of them before.`,
      );
    }
    return lines;
  }
}

const SUMMARY: readonly (readonly [Kind, string])[] = [
  ['published', 'published'],
  ['skipped', 'skipped'],
  ['waiting', 'due and not yet dealt with'],
  ['not-yet-due', 'not yet due'],
  ['before-history', 'unknown (before the history)'],
  ['published-twice', 'published twice'],
  ['unaccounted', 'not accounted for'],
];

function formatJson(line: AccountingLine): string {
  return JSON.stringify(line);
}
