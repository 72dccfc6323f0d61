import type { Entry } from '../../src/entries/catalog/entry.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Schedule } from '../../src/schedule/schedule.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Returns a schedule that is due that many milliseconds after the last time, as an interval is. */
export function intervalSchedule(ms: number): Schedule {
  return { spec: `counted ${ms}`, next: (after) => new Date(after.getTime() + ms) };
}

/** Returns a schedule that is due at every multiple of that many milliseconds since the epoch, as a crontab is. */
export function alignedSchedule(ms: number): Schedule {
  return {
    spec: `aligned ${ms}`,
    next: (after) => new Date((Math.floor(after.getTime() / ms) + 1) * ms),
    latest: (after, until) => {
      const at = Math.floor(until.getTime() / ms) * ms;
      return at > after.getTime() ? new Date(at) : null;
    },
  };
}

export function makeEntry(parts: Partial<Entry> = {}): Entry {
  return {
    name: 'cleanup',
    task: 'tasks.cleanup',
    schedule: alignedSchedule(MINUTE),
    args: [],
    kwargs: {},
    options: {},
    enabled: true,
    missed: 'once',
    maxCatchUp: 1_000,
    startingDeadline: null,
    ...parts,
  };
}

export function makeState(parts: Partial<EntryState> = {}): EntryState {
  return {
    version: 1,
    rev: 1,
    spec: 'aligned 60000',
    anchor: 0,
    dueAt: null,
    sentAt: null,
    taskId: null,
    runCount: 0,
    ...parts,
  };
}
