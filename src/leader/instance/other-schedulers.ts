import type { Events } from '../../contracts/events/events.ts';
import type { FindSchedulers, SchedulerTrace } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';

/** Milliseconds between two checks. */
const INTERVAL = 60_000;

/** How long a scheduler without a lock may write nothing until it counts as stopped: its entries may be daily. Milliseconds. */
const STOPPED_AFTER = 26 * 3_600_000;

interface Seen {
  readonly mark: string;
  readonly isLocked: boolean;
  /** When it was last at work, by the monotonic clock; `null` if it never was. */
  readonly workedAt: number | null;
}

/**
 * Returns a function that warns, until a signal aborts, when a scheduler that beat has replaced still works beside it:
 * tasks then run twice. A scheduler works if it holds its lock, or if its traces change between two checks. It never
 * rejects.
 */
export function watchOtherSchedulers(find: readonly FindSchedulers[], clock: Clock, events: Events) {
  let seen: ReadonlyMap<string, Seen> = new Map();
  /** The last answer of each function in `find`. */
  let found: readonly (readonly SchedulerTrace[])[] = [];
  const report = (traces: readonly SchedulerTrace[], signal: AbortSignal) => {
    if (signal.aborted) return;
    const now = clock.monotonic();
    seen = new Map(traces.map((trace) => [trace.scheduler, see(trace, seen.get(trace.scheduler), now)]));
    const isWorking = ({ workedAt }: Seen) => workedAt !== null && now - workedAt < STOPPED_AFTER;
    const working = [...seen.keys()].filter((name) => isWorking(seen.get(name)!));
    events.warn('other-scheduler', describe(working));
  };
  return async (signal: AbortSignal): Promise<void> => {
    while (find.length > 0 && !signal.aborted) {
      const before = found;
      // If a trace cannot be read now, its last state counts.
      found = await Promise.all(find.map((look, i) => look().catch(() => before[i] ?? [])));
      report(found.flat(), signal);
      await clock.sleep(INTERVAL, signal);
    }
  };
}

function see({ mark, isLocked }: SchedulerTrace, before: Seen | undefined, now: number): Seen {
  const hasWorked = isLocked || (before !== undefined && before.mark !== mark);
  // It released its lock when it stopped.
  const hasStopped = !isLocked && before?.isLocked === true;
  return { mark, isLocked, workedAt: hasStopped ? null : hasWorked ? now : (before?.workedAt ?? null) };
}

function describe(schedulers: readonly string[]): string | null {
  if (schedulers.length === 0) return null;
  const [verb, pronoun] = schedulers.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${schedulers.join(' and ')} ${verb} still at work: tasks that beat publishes too run twice; stop ${pronoun}`;
}
