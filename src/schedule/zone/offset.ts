import { SECOND } from '../instants.ts';

/** Returns the UTC offset at an instant (local time minus UTC) in milliseconds. */
export type OffsetAt = (instant: number) => number;

/**
 * Returns a function that reads offsets from Node's tz database. A formatter with few fields is seven times as
 * fast as luxon, and a search may need thousands of offsets.
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
