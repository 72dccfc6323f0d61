import type { Zone } from '../zone/zone.ts';

/** A set of instants by which occurrences are selected: times of the day, weekdays, the events of a calendar. */
export interface TimeSet {
  /** Canonical text, equal for equal sets and different for different ones. It becomes part of the `spec` of schedules. */
  readonly spec: string;
  /** The set in English, such as `09:00-17:00`. */
  readonly description: string;
  /** Finds the part of the time line with an instant (epoch milliseconds), as the clocks of a zone show it. */
  stretchAt(instant: number, zone: Zone): Stretch;
  /**
   * What puts an instant into the set or keeps it out, such as the title of an event or a holiday; `null` if it has no
   * better name than the set.
   */
  describeAt?(instant: number, zone: Zone): string | null;
}

/** A part of the time line that is in a set, or not. */
export interface Stretch {
  readonly inside: boolean;
  /** The first instant after it. What follows need not differ. Epoch milliseconds; `Infinity` for none. */
  readonly end: number;
}

/** The same in local time: milliseconds as if it were UTC. */
export type FindLocal = (local: number) => Stretch;

/** A set that the wall clock determines: it includes both passes of a repeated hour. */
export function localSet(spec: string, description: string, find: FindLocal): TimeSet {
  return {
    spec,
    description,
    stretchAt: (instant, zone) => {
      const { offset, end } = zone.spanAt(instant);
      const stretch = find(instant + offset);
      return { inside: stretch.inside, end: Math.min(stretch.end - offset, end) };
    },
  };
}
