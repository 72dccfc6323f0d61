import type { Schedule } from '../schedule/schedule.ts';

/** A schedule without some of its instants, given in epoch milliseconds. */
export function excluding(schedule: Schedule, instants: readonly number[]): Schedule {
  const excluded = new Set(instants);
  return {
    spec: schedule.spec,
    next: (after) => {
      let next = schedule.next(after);
      while (next !== null && excluded.has(next.getTime())) next = schedule.next(next);
      return next;
    },
  };
}
