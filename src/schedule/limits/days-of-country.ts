import { DAY } from '../instants.ts';
import { localSet, type TimeSet } from './time-set.ts';

/** The days of a country that are not worked. A day is a number of days since 1970-01-01. */
export interface DaysOff {
  /** Such as `DE-BY`. */
  readonly code: string;
  /** The name of a public holiday, or `null` for another day. */
  readonly holidayAt: (day: number) => string | null;
  /** Whether the weekend of the country has a weekday; Sunday is 0. */
  readonly isWeekend: (weekday: number) => boolean;
}

/** The public holidays of a country. */
export function holidays({ code, holidayAt }: DaysOff): TimeSet {
  return daySet(
    `holidays(${code})`,
    `holidays of ${code}`,
    holidayAt,
    (day) => holidayAt(day) !== null,
  );
}

/** The days of a country that are neither public holidays nor weekend. */
export function businessDays({ code, holidayAt, isWeekend }: DaysOff): TimeSet {
  const isBusiness = (day: number) =>
    // Day 0 was a Thursday.
    !isWeekend((((day + 4) % 7) + 7) % 7) && holidayAt(day) === null;
  return daySet(`business(${code})`, `business days of ${code}`, holidayAt, isBusiness);
}

function daySet(
  spec: string,
  description: string,
  nameOf: (day: number) => string | null,
  has: (day: number) => boolean,
): TimeSet {
  const set = localSet(spec, description, (local) => {
    const day = Math.floor(local / DAY);
    return { inside: has(day), end: (day + 1) * DAY };
  });
  return {
    ...set,
    describeAt: (instant, zone) =>
      nameOf(Math.floor((instant + zone.spanAt(instant).offset) / DAY)),
  };
}
