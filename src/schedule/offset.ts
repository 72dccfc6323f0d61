import { SECOND } from './instants.ts';

/** Local time less UTC at an instant, in milliseconds. */
export type OffsetAt = (instant: number) => number;

/**
 * Asks the tz database that Node carries. The minute is formatted beside the offset because a formatter
 * with few fields is seven times as fast as luxon's, and a search may ask thousands of times.
 */
export function offsetReader(timezone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    minute: 'numeric',
    timeZoneName: 'longOffset',
  });
  return (instant) => {
    const text = format.format(instant);
    const [, sign, hours, minutes, seconds] =
      /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? NO_OFFSET;
    const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -offset : offset) * SECOND;
  };
}

/** Some versions of ICU write an offset of zero as `GMT` alone. */
const NO_OFFSET = ['', '+', '0', '0', '0'];
