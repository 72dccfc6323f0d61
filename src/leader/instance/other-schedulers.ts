import type { Events } from '../../contracts/events/events.ts';
import type { FindSchedulers, SchedulerTrace } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';

/** Milliseconds between two checks. */
const INTERVAL = 60_000;

/** How long a scheduler without a lock may write nothing until it counts as stopped: its entries may be daily. Milliseconds. */
const STOPPED_AFTER = 26 * 3_600_000;

export interface OtherSchedulersOptions {
  readonly find: readonly FindSchedulers[];
  readonly clock: Clock;
  readonly events: Events;
}

interface Seen {
  readonly mark: string;
  readonly isLocked: boolean;
  /** When it was last at work, by the monotonic clock; `null` if it never was. */
  readonly workedAt: number | null;
}

/**
 * Warns when a scheduler that beat has replaced still works beside it: tasks then run twice. A scheduler works if it
 * holds its lock, or if its traces change between two checks.
 */
export class OtherSchedulers {
  readonly #options: OtherSchedulersOptions;
  #seen: ReadonlyMap<string, Seen> = new Map();
  /** The last answer of each function in `find`. */
  #found: readonly (readonly SchedulerTrace[])[] = [];

  constructor(options: OtherSchedulersOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { find, clock } = this.#options;
    if (find.length === 0) return;
    while (!signal.aborted) {
      const before = this.#found;
      // If a trace cannot be read now, its last state counts.
      this.#found = await Promise.all(find.map((look, i) => look().catch(() => before[i] ?? [])));
      this.#report(this.#found.flat(), signal);
      await clock.sleep(INTERVAL, signal);
    }
  }

  #report(traces: readonly SchedulerTrace[], signal: AbortSignal): void {
    if (signal.aborted) return;
    const now = this.#options.clock.monotonic();
    this.#seen = new Map(traces.map((trace) => [trace.scheduler, see(trace, this.#seen.get(trace.scheduler), now)]));
    const working = [...this.#seen].filter(([, seen]) => isWorking(seen, now));
    this.#options.events.warn('other-scheduler', describe(working.map(([name]) => name)));
  }
}

function see({ mark, isLocked }: SchedulerTrace, before: Seen | undefined, now: number): Seen {
  const hasWorked = isLocked || (before !== undefined && before.mark !== mark);
  // It released its lock when it stopped.
  const hasStopped = !isLocked && before?.isLocked === true;
  const workedAt = hasStopped ? null : hasWorked ? now : (before?.workedAt ?? null);
  return { mark, isLocked, workedAt };
}

function isWorking({ workedAt }: Seen, now: number): boolean {
  return workedAt !== null && now - workedAt < STOPPED_AFTER;
}

function describe(schedulers: readonly string[]): string | null {
  if (schedulers.length === 0) return null;
  const [verb, pronoun] = schedulers.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${schedulers.join(' and ')} ${verb} still at work: tasks that beat publishes too run twice; stop ${pronoun}`;
}
