import type { Schedule } from '../../../src/schedule/schedule.ts';

/** The first `count` occurrences after an instant, as ISO text to the minute or, if need be, second. */
export function due(schedule: Schedule, after: string, count: number): string[] {
  return walk(schedule, new Date(after), count).map(iso);
}

export function walk(schedule: Schedule, after: Date, count: number): Date[] {
  const found: Date[] = [];
  let last = schedule.next(after);
  while (last !== null && found.length < count) {
    found.push(last);
    last = schedule.next(last);
  }
  return found;
}

export function iso(instant: Date): string {
  return instant.toISOString().replace(/(:00)?\.000Z$/, 'Z');
}
