import { computeTaskId } from '../src/celery/message/task-id.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import type { Violations } from './violations.ts';
import type { SentCommand } from './command-sender.ts';
import type { History } from './history.ts';

/** A time in which an entry was paused. Epoch milliseconds. */
interface Pause {
  readonly from: number;
  readonly to: number;
}

/** Before a pause begins, occurrences may be due that the leader has not published yet; they are skipped with it. */
const DUE_BEFORE_PAUSE = 10_000;

/** Runs that one command asked for. */
interface CommandedRuns {
  readonly id: string;
  readonly entry: string;
  readonly count: number;
  /** Their nominal instants are in `[from, to)`, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** What the commands of a run must have led to. */
export class CommandEffects {
  /** `applied`: how many commands were; `rejected`: how many were not. */
  readonly figures = { applied: 0, rejected: 0 };
  /** Commands that were not answered, or applied more than once. */
  readonly violations: string[] = [];
  readonly #keyPrefix: string;
  readonly #runs: CommandedRuns[] = [];
  readonly #pauses = new Map<string, Pause[]>();
  readonly #skips = new Map<string, Set<number>>();
  readonly #removed = new Set<string>();

  constructor({ commands, keyPrefix, processes }: History) {
    this.#keyPrefix = keyPrefix;
    const applied = processes
      .flatMap(({ log }) => log)
      .filter((line) => line.event === 'command' && line['status'] === 'applied');
    for (const [id, lines] of Map.groupBy(applied, (line) => String(line['id']))) {
      if (lines.length > 1) this.violations.push(`${id}: was applied ${lines.length} times`);
    }
    for (const { id, fields, answer } of commands) {
      if (!answer) this.violations.push(`${id}: ${JSON.stringify(fields)} was not answered`);
      else if (answer.status === 'applied') this.figures.applied += 1;
      else this.figures.rejected += 1;
    }
    const answered = commands.filter(({ answer }) => answer?.status === 'applied');
    for (const command of answered.toSorted((a, b) => appliedAt(a) - appliedAt(b))) {
      this.#add(command);
    }
  }

  /** The command that asked for a run; `undefined` for a run of the schedule. */
  findCommand({ id, entry, dueAt }: QueuedRun): CommandedRuns | undefined {
    return this.#runs.find(
      (each) => each.entry === entry && computeTaskId(entry, dueAt, this.#keyPrefix, each.id) === id,
    );
  }

  /** Compares the runs that commands asked for with what was published. */
  checkRuns(queued: readonly QueuedRun[], mayRepeat: boolean): Pick<Violations, 'lost' | 'doubled'> {
    const lost: string[] = [];
    const doubled: string[] = [];
    const found = Map.groupBy(queued, (run) => this.findCommand(run)?.id);
    for (const { id, entry, count, from, to } of this.#runs) {
      const runs = found.get(id) ?? [];
      const ids = new Set(runs.map((run) => run.id));
      const what = `${entry}: ${id} asked for ${count} runs`;
      if (ids.size < count) lost.push(`${what}, ${ids.size} were published`);
      const repeated = mayRepeat ? ids.size : runs.length;
      if (repeated > count) doubled.push(`${what}, ${repeated} were published`);
      if (runs.some(({ dueAt }) => dueAt < from || dueAt >= to)) {
        doubled.push(`${what}, and one of another time was published`);
      }
    }
    return { lost, doubled };
  }

  /** Whether the entry was removed during the run: what it published before is not checked further. */
  wasRemoved(entry: string): boolean {
    return this.#removed.has(entry);
  }

  /** Whether a pause or a command to skip allows that an occurrence was not published. */
  maySkip(entry: string, at: number): boolean {
    return (
      (this.#skips.get(entry)?.has(at) ?? false) ||
      this.#find(entry).some(({ from, to }) => from - DUE_BEFORE_PAUSE <= at && at < to)
    );
  }

  /** Whether an occurrence must not be published. */
  mustSkip(entry: string, at: number): boolean {
    return (this.#skips.get(entry)?.has(at) ?? false) || this.#find(entry).some(({ from, to }) => from < at && at < to);
  }

  #find(entry: string): readonly Pause[] {
    return this.#pauses.get(entry) ?? [];
  }

  #add(command: SentCommand): void {
    const { id, fields, answer } = command;
    const entry = String(fields['entry']);
    const at = appliedAt(command);
    switch (fields['do']) {
      case 'pause': {
        this.#endPause(entry, at);
        const to = parseInstant(fields['until']) ?? Infinity;
        this.#pauses.set(entry, [...this.#find(entry), { from: at, to }]);
        return;
      }
      case 'resume':
        this.#endPause(entry, at);
        return;
      case 'run':
        this.#runs.push({ id, entry, count: 1, from: at, to: at + 1 });
        return;
      case 'backfill': {
        const count = Number(/^published (\d+) runs/.exec(answer!.answer)?.[1]);
        const [from, to] = [parseInstant(fields['from'])!, parseInstant(fields['to'])!];
        this.#runs.push({ id, entry, count, from, to });
        return;
      }
      case 'skip': {
        const skipped = parseInstant(/skips the run of (\S+)$/.exec(answer!.answer)?.[1]);
        this.#skips.set(entry, (this.#skips.get(entry) ?? new Set()).add(skipped!));
        return;
      }
      case 'remove':
        this.#removed.add(entry);
    }
  }

  #endPause(entry: string, at: number): void {
    const pauses = this.#find(entry).map(({ from, to }) => ({ from, to: Math.min(to, at) }));
    this.#pauses.set(entry, pauses);
  }
}

function appliedAt({ answer }: SentCommand): number {
  return Date.parse(answer!.answeredAt);
}

function parseInstant(text: unknown): number | null {
  return typeof text === 'string' ? Date.parse(text) : null;
}
