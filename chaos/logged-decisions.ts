import { MISSED_AFTER } from '../src/entries/planning/catch-up.ts';
import type { SkipReason } from '../src/celery/message/skip-reasons.ts';
import { type Entry, limitsOverlap } from '../src/entries/catalog/entry.ts';
import type { RunCause } from '../src/celery/message/run.ts';
import type { LogLine, SentLine } from '../test/support/beat-process.ts';
import type { History } from './history.ts';

/** Causes of runs that say nothing about their occurrence. */
const COMMANDED: readonly RunCause[] = ['manual', 'backfill'];

/** A log line about skipped occurrences. Instants are epoch milliseconds. */
export interface LoggedSkip {
  readonly reason: SkipReason;
  readonly first: number;
  readonly last: number;
  readonly loggedAt: number;
}

/** What the processes of a run logged about publishing and skipping. */
export class LoggedDecisions {
  /** By task id. */
  readonly sent = new Map<string, SentLine>();
  /** When a process first logged that it schedules; epoch milliseconds. */
  readonly firstScheduling: number;
  readonly #skips = new Map<string, LoggedSkip[]>();
  /** Spans in which a commit may have succeeded without a log line about it. */
  readonly #uncertain: { readonly from: number; readonly to: number }[];

  constructor({ processes, faults }: History) {
    const lines = processes.flatMap(({ log }) => log);
    this.firstScheduling = Math.min(...lines.filter(({ event }) => event === 'scheduling').map(parseTime));
    this.#uncertain = [...faults];
    for (const line of lines) {
      if (line.event === 'sent') this.sent.set((line as SentLine).taskId, line as SentLine);
      if (line.event === 'skipped') this.#addSkip(line);
      // On a busy machine, a commit also times out without an injected fault.
      if (line.event === 'failure') this.#uncertain.push({ from: parseTime(line), to: parseTime(line) });
      // Only the first failure of an outage is logged, and its length once it has recovered.
      if (line.event === 'recovered') {
        this.#uncertain.push({ from: parseTime(line) - Number(line['forMs']), to: parseTime(line) });
      }
    }
  }

  /** Whether a fault or a failure was in that time. Epoch milliseconds. */
  isUncertain(since: number, until: number): boolean {
    return this.#uncertain.some(({ from, to }) => from <= until && to > since);
  }

  skips(entry: string): readonly LoggedSkip[] {
    return this.#skips.get(entry) ?? [];
  }

  /**
   * Whether the policy allows an occurrence that was neither published nor logged as skipped. A process
   * commits before it logs, so a killed one may skip without a log line: then the run that replaced the
   * occurrence is not logged either, or the deadline passed before both a fault and the next logged decision.
   */
  mayBeUnloggedSkip(entry: Entry, at: number, published: readonly number[]): boolean {
    const { name, missed, startingDeadline } = entry;
    if (missed === 'all' && startingDeadline === null) return false;
    const logged = [...this.sent.values()].filter(
      (line) => line.entry === name && !COMMANDED.includes(line['cause'] as RunCause),
    );
    const loggedDue = new Set(logged.map(({ dueAt }) => Date.parse(dueAt)));
    const after = published.filter((other) => other > at);
    if (after.length > 0 && !loggedDue.has(Math.min(...after))) return true;
    if (startingDeadline === null) return false;
    const later = [
      ...logged.filter(({ dueAt }) => Date.parse(dueAt) > at).map(parseTime),
      ...this.skips(name).flatMap(({ first, loggedAt }) => (first > at ? loggedAt : [])),
    ];
    const until = Math.min(...later);
    return this.isUncertain(at + startingDeadline, until);
  }

  #addSkip(line: LogLine): void {
    const entry = String(line['entry']);
    const skip: LoggedSkip = {
      reason: line['reason'] as SkipReason,
      first: Date.parse(String(line['first'])),
      last: Date.parse(String(line['last'])),
      loggedAt: parseTime(line),
    };
    this.#skips.set(entry, [...this.skips(entry), skip]);
  }
}

/** Returns what is wrong with a skip by the entry's policy, or `null`. */
export function checkSkip(entry: Entry, { reason, last, loggedAt }: LoggedSkip): string | null {
  const { schedule, missed, startingDeadline } = entry;
  const hasNewer = (schedule.next(new Date(last))?.getTime() ?? Infinity) <= loggedAt;
  const allowed: Record<SkipReason, boolean> = {
    coalesced: missed === 'once' && hasNewer,
    missed: missed === 'skip' && (hasNewer || loggedAt - last > MISSED_AFTER),
    deadline: startingDeadline !== null && loggedAt - last > startingDeadline,
    // A run is too short to reach the limit, and its messages have no expiry and no fanout exchange.
    'catch-up-limit': false,
    expired: false,
    'no-subscribers': false,
    paused: true,
    skipped: true,
    overlap: limitsOverlap(entry),
  };
  return allowed[reason] ? null : `skipped as "${reason}", which its policy does not allow`;
}

/** Returns epoch milliseconds. */
export function parseTime(line: LogLine): number {
  return Date.parse(line.time);
}
