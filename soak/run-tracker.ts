import type { Schedule } from '../src/schedule/schedule.ts';
import type { QueuedRun } from '../test/support/queues.ts';

/** Finds lost and doubled runs in the order in which they arrive, without storing all of them. */
export class RunTracker {
  readonly doubled: string[] = [];
  runs = 0;
  readonly #schedules: ReadonlyMap<string, Schedule>;
  /** The instant of the newest run of each entry of which every occurrence must run. */
  readonly #newest = new Map<string, number>();
  /** Occurrences that were passed over so far. */
  readonly #missing = new Set<string>();
  /** The task ids of all other runs. */
  readonly #ids = new Set<string>();

  /** Of the entries in `schedules`, every occurrence must run once; of all others, no run may arrive twice. */
  constructor(schedules: ReadonlyMap<string, Schedule>) {
    this.#schedules = schedules;
  }

  get lost(): string[] {
    return [...this.#missing];
  }

  receive({ id, entry, dueAt }: QueuedRun): void {
    this.runs++;
    const schedule = this.#schedules.get(entry);
    if (!schedule) {
      if (this.#ids.has(id)) this.doubled.push(formatRun(entry, dueAt));
      this.#ids.add(id);
      return;
    }
    const newest = this.#newest.get(entry);
    if (newest !== undefined && dueAt <= newest) {
      if (!this.#missing.delete(formatRun(entry, dueAt))) this.doubled.push(formatRun(entry, dueAt));
      return;
    }
    if (newest !== undefined) this.#passOver(entry, schedule, newest, dueAt);
    this.#newest.set(entry, dueAt);
  }

  /** Returns the entries with an occurrence in `(from, end]` after their newest run: it has not arrived. */
  findBehind(from: number, end: number): string[] {
    return [...this.#schedules].flatMap(([entry, schedule]) => {
      const next = schedule.next(new Date(this.#newest.get(entry) ?? from));
      return next !== null && next.getTime() <= end ? [entry] : [];
    });
  }

  #passOver(entry: string, schedule: Schedule, from: number, to: number): void {
    for (let at = from; ;) {
      const next = schedule.next(new Date(at))?.getTime() ?? Infinity;
      if (next >= to) return;
      this.#missing.add(formatRun(entry, next));
      at = next;
    }
  }
}

function formatRun(entry: string, dueAt: number): string {
  return `${entry} ${new Date(dueAt).toISOString()}`;
}
