import type { Schedule } from '../../schedule/schedule.ts';

/** When Django may run a task. Epoch milliseconds; infinite without a limit. */
export interface Window {
  /** `start_time`, inclusive. */
  readonly start: number;
  /** `expires`, exclusive. */
  readonly end: number;
}

export const UNLIMITED: Window = { start: -Infinity, end: Infinity };

/** Whether a window has no limits. */
function isUnlimited({ start, end }: Window): boolean {
  return start === -Infinity && end === Infinity;
}

/**
 * A window that begins with the first run of an interval, which Django counts from `lastRunAt`: limits put the interval
 * of an entry on a fixed grid that starts there. Unchanged for other schedules and without limits.
 */
export function startOnInterval(window: Window, { every }: Schedule, lastRunAt: number): Window {
  if (every === undefined || isUnlimited(window)) return window;
  return { ...window, start: Math.max(window.start, lastRunAt + every) };
}

/** The fields of an entry for a window. */
export function limitsOf({ start, end }: Window): { from?: string; until?: string } {
  return {
    ...(start !== -Infinity && { from: new Date(start).toISOString() }),
    // Inclusive.
    ...(end !== Infinity && { until: new Date(end - 1).toISOString() }),
  };
}

/** A schedule as Django runs it in a window, which begins with the first run of an interval. */
export function within(schedule: Schedule, window: Window): Schedule {
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
