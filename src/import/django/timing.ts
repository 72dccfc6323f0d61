import type { EntryConfig } from '../../generated/config-types.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { clocked, type DjangoSchedule } from './schedule.ts';

/** The columns of a periodic task that determine when it runs, without its schedule; flags are text in a database. */
export type TimingColumns<F> = Readonly<
  Record<'start_time' | 'expires' | 'last_run_at' | 'date_changed', string | null> &
    Record<'one_off' | 'enabled', F> &
    Record<'total_run_count', string | number | null>
>;

/** Reads the columns. Instants become epoch milliseconds. */
export function readTaskRow<F>(
  row: TimingColumns<F>,
  parseInstant: (text: string) => number,
  isSet: (flag: F) => boolean,
) {
  const instant = (text: string | null) => (text === null ? null : parseInstant(text));
  return {
    startAt: instant(row.start_time),
    endAt: instant(row.expires),
    isOneOff: isSet(row.one_off),
    isEnabled: isSet(row.enabled),
    // Since the task was created or enabled.
    hasRun: Number(row.total_run_count) > 0,
    lastRunAt: instant(row.last_run_at),
    changedAt: instant(row.date_changed),
  };
}

export interface TimingOptions {
  readonly now: number;
  /** Whether the last runs are imported: a task that is overdue then runs at the first start of beat. */
  readonly lastRuns: boolean;
}

export interface Timing {
  readonly fields: Pick<EntryConfig, 'schedule' | 'from' | 'until' | 'timezone' | 'enabled'>;
  readonly lastRunAt: number | undefined;
  /** The schedule with the limits, as Django runs it. */
  readonly schedule: Schedule;
  /** Django runs the task before this instant; may be infinite. Epoch milliseconds. */
  readonly end: number;
  readonly differences: readonly string[];
}

/** Returns when the `DatabaseScheduler` runs a task. Throws an `Error` for a single run that is overdue. */
export function readTiming(given: DjangoSchedule, row: ReturnType<typeof readTaskRow>, options: TimingOptions): Timing {
  const { now } = options;
  const { startAt, endAt, isOneOff } = row;
  // A start that has passed has no effect any more.
  const start = startAt !== null && startAt > now ? startAt : -Infinity;
  const end = endAt ?? Infinity;
  const isOn = row.isEnabled && !(isOneOff && row.hasRun);
  // Without a last run, Django counts from the last change, or runs the task at its start.
  const isNew = row.lastRunAt === null;
  const lastRunAt = row.lastRunAt ?? row.changedAt;
  const countsFrom = isNew && start > now ? -Infinity : (lastRunAt ?? now);
  const only = isOneOff ? onlyRun(given, start, isOn && end > now, countsFrom, options) : null;
  const { every } = given.schedule;
  // Limits put an interval on a fixed grid, so its window begins at its first run.
  const first = every === undefined || isUnlimited({ start, end }) ? start : Math.max(start, countsFrom + every);
  const window = { start: first, end };
  const hasEnded = end <= Math.max(now, only ?? window.start);
  const due = only === null ? given : clocked(only);
  const limits = due.kind === 'clocked' || hasEnded ? UNLIMITED : window;
  const isImported = isOn && !hasEnded;
  return {
    fields: {
      schedule: due.config,
      ...(limits.start !== -Infinity && { from: new Date(limits.start).toISOString() }),
      // Inclusive.
      ...(limits.end !== Infinity && { until: new Date(limits.end - 1).toISOString() }),
      ...(due.timezone !== null && { timezone: due.timezone }),
      ...(!isImported && { enabled: false }),
    },
    // The only run is due although it may have passed.
    lastRunAt: only === null ? (lastRunAt ?? undefined) : only - 1_000,
    schedule: within(due.schedule, limits),
    end: only === null ? end : only + 1,
    differences: isImported && only === null ? describeStart(given, start, countsFrom) : [],
  };
}

/** Explains what Django does if an instant lies between the last run and the start of a task. */
function describeStart({ kind, schedule }: DjangoSchedule, start: number, countsFrom: number): readonly string[] {
  if (start === -Infinity || kind === 'interval' || kind === 'clocked') return [];
  const missed = schedule.next(new Date(Math.max(countsFrom, start - YEAR)));
  const first = schedule.next(new Date(start - 1));
  if (missed === null || first === null || missed.getTime() >= start) return [];
  return [
    `an instant before start_time counts as missed, so that Django may run it up to five minutes after start_time; beat runs it first at ${first.toISOString()}`,
  ];
}

const YEAR = 366 * 86_400_000;

/** The instant of the only run of a task. Throws an `Error` if it is overdue. */
function onlyRun(
  { kind, schedule }: DjangoSchedule,
  start: number,
  enabled: boolean,
  lastRunAt: number,
  { now, lastRuns }: TimingOptions,
): number {
  const next =
    kind === 'interval'
      ? lastRunAt + schedule.every!
      : schedule.next(new Date(kind === 'clocked' ? 0 : Math.max(now, start - 1)))?.getTime();
  if (next === undefined) throw new Error('it is never due');
  const instant = Math.max(next, start);
  if (enabled && !lastRuns && instant <= now) {
    throw new Error(
      `its only run was due at ${new Date(instant).toISOString()}: --last-runs has beat send it at the first start`,
    );
  }
  return instant;
}

/** When Django may run a task: `[start, end)` in epoch milliseconds; infinite without a limit. */
interface Window {
  readonly start: number;
  readonly end: number;
}

const UNLIMITED: Window = { start: -Infinity, end: Infinity };

function isUnlimited({ start, end }: Window): boolean {
  return start === -Infinity && end === Infinity;
}

function within(schedule: Schedule, window: Window): Schedule {
  if (isUnlimited(window)) return schedule;
  const { start, end } = window;
  const { every } = schedule;
  const next = (after: number) => {
    if (every === undefined) return schedule.next(new Date(Math.max(after, start - 1)));
    const runs = Math.max(0, Math.floor((after - start) / every) + 1);
    return new Date(start + runs * every);
  };
  return {
    spec: schedule.spec,
    next: (after) => {
      const instant = next(after.getTime());
      return instant !== null && instant.getTime() < end ? instant : null;
    },
  };
}
