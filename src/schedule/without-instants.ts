import type { Schedule } from './schedule.ts';

/** A schedule without some of its instants, given in epoch milliseconds. */
export function withoutInstants(schedule: Schedule, instants: readonly number[]): Schedule {
  const excluded = new Set(instants);
  const latest = (after: Date, until: Date): Date | null => {
    let found = schedule.latest?.(after, until) ?? null;
    while (found !== null && excluded.has(found.getTime())) {
      found = schedule.latest?.(after, new Date(found.getTime() - 1)) ?? null;
    }
    return found;
  };
  return {
    spec: schedule.spec,
    // Without it, every walk over a long time would take each of its instants.
    ...(schedule.latest && { latest }),
    next: (after) => {
      let next = schedule.next(after);
      while (next !== null && excluded.has(next.getTime())) next = schedule.next(next);
      return next;
    },
  };
}
