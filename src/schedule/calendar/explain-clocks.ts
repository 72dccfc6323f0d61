import { SECOND } from '../instants.ts';

/**
 * Explains what the fields of a schedule do not: clock changes, and parts of a second. `matches` says whether all fields
 * match a local time, `isDue` whether the schedule has its instant.
 */
export function explainClocks(local: number, matches: boolean, isDue: boolean): readonly string[] {
  if (local % SECOND !== 0) return ['it is not a whole second'];
  if (matches && !isDue) {
    return ['the clocks were set back: this local time was due when they showed it first'];
  }
  if (!matches && isDue) {
    return ['the clocks were set forward: it is due in place of a local time that they skipped'];
  }
  return [];
}
