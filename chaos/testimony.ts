import type { Entry } from '../src/catalog/entry.ts';
import { SKIP_GRACE, type SkipReason } from '../src/catalog/catch-up.ts';
import type { LogLine, SentLine } from '../test/support/beat-process.ts';
import type { Evidence } from './evidence.ts';

/** Occurrences that somebody told of not having sent. Instants are epoch milliseconds. */
export interface ToldSkip {
  readonly reason: SkipReason;
  readonly first: number;
  readonly last: number;
  /** When it was told. */
  readonly toldAt: number;
}

/** What the processes said, all together. */
export class Testimony {
  /** By task id. */
  readonly sent = new Map<string, SentLine>();
  /** When somebody first said that they schedule; epoch milliseconds. */
  readonly firstBegun: number;
  readonly #skips = new Map<string, ToldSkip[]>();
  /** Spans in which a commit may have gone through and nobody told of it. */
  readonly #dark: { readonly from: number; readonly to: number }[];

  constructor({ processes, harms }: Evidence) {
    const lines = processes.flatMap(({ log }) => log);
    this.firstBegun = Math.min(...lines.filter(({ event }) => event === 'scheduling').map(timeOf));
    this.#dark = [...harms];
    for (const line of lines) {
      if (line.event === 'sent') this.sent.set((line as SentLine).taskId, line as SentLine);
      if (line.event === 'skipped') this.#hearSkip(line);
      // A commit whose answer did not come in time, on a busy machine, is in the dark too.
      if (line.event === 'failure') this.#dark.push({ from: timeOf(line), to: timeOf(line) });
      // An outage is told once, and with its length when it is over.
      if (line.event === 'recovered') {
        this.#dark.push({ from: timeOf(line) - Number(line['forMs']), to: timeOf(line) });
      }
    }
  }

  skipsOf(entry: string): readonly ToldSkip[] {
    return this.#skips.get(entry) ?? [];
  }

  /**
   * Whether an occurrence that was not sent, and of which nobody told, may have been skipped rightly. The
   * ledger is written first, and told of after: who dies in between has told nothing of that decision. So
   * the run that superseded it must be untold as well, or, where none did, its deadline must have passed
   * before something bad happened and before the next decision about this entry was told.
   */
  excuses(entry: Entry, at: number, sent: readonly number[]): boolean {
    const { name, missed, startingDeadline } = entry;
    if (missed === 'all' && startingDeadline === null) return false;
    const told = [...this.sent.values()].filter((line) => line.entry === name);
    const toldDue = new Set(told.map(({ dueAt }) => Date.parse(dueAt)));
    const after = sent.filter((other) => other > at);
    if (after.length > 0 && !toldDue.has(Math.min(...after))) return true;
    if (startingDeadline === null) return false;
    const later = [
      ...told.filter(({ dueAt }) => Date.parse(dueAt) > at).map(timeOf),
      ...this.skipsOf(name).flatMap(({ first, toldAt }) => (first > at ? toldAt : [])),
    ];
    const until = Math.min(...later);
    return this.#dark.some(({ from, to }) => from <= until && to > at + startingDeadline);
  }

  #hearSkip(line: LogLine): void {
    const entry = String(line['entry']);
    const skip: ToldSkip = {
      reason: line['reason'] as SkipReason,
      first: Date.parse(String(line['first'])),
      last: Date.parse(String(line['last'])),
      toldAt: timeOf(line),
    };
    this.#skips.set(entry, [...this.skipsOf(entry), skip]);
  }
}

/** Why the entry's policy does not allow this; `null` when it does. */
export function unjust(entry: Entry, { reason, last, toldAt }: ToldSkip): string | null {
  const { schedule, missed, startingDeadline } = entry;
  const newer = (schedule.next(new Date(last))?.getTime() ?? Infinity) <= toldAt;
  const allowed: Record<SkipReason, boolean> = {
    coalesced: missed === 'once' && newer,
    missed: missed === 'skip' && (newer || toldAt - last > SKIP_GRACE),
    deadline: startingDeadline !== null && toldAt - last > startingDeadline,
    // No run lasts long enough for that, and no message of one expires.
    'catch-up-limit': false,
    expired: false,
    'no-subscribers': false,
  };
  return allowed[reason] ? null : `skipped as "${reason}", which it was not`;
}

/** Epoch milliseconds. */
export function timeOf(line: LogLine): number {
  return Date.parse(line.time);
}
