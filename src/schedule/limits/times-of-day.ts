import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../instants.ts';
import { quote } from '../quote.ts';
import { localSet, type TimeSet } from './time-set.ts';

const TIME = String.raw`(\d\d?):(\d\d)(?::(\d\d))?`;
const RANGE = new RegExp(String.raw`^\s*${TIME}\s*-\s*${TIME}\s*$`);

/** The forms of a range, for error messages. */
export const TIME_RANGE = 'times of day such as 09:00-17:00 or 22:00-06:00';

/** Milliseconds since midnight; `end` is exclusive, and up to `start` if the range crosses midnight. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Times of day such as `09:00-17:00`: from the first, up to but not including the second, which may be on the next
 * day. Throws a `ConfigError` with every invalid range, at its index.
 */
export function timesOfDay(texts: readonly string[]): TimeSet {
  const errors: Diagnostic[] = [];
  const ranges = texts.flatMap((text, i) => {
    const range = parseRange(text);
    if (typeof range !== 'string') return [range];
    errors.push(errorAt([i], range));
    return [];
  });
  if (errors.length > 0) throw new ConfigError(errors);
  const bounds = [...new Set([0, ...ranges.flatMap(({ start, end }) => [start, end]), DAY])];
  const edges = bounds.toSorted((a, b) => a - b);
  const text = ranges.map(formatRange).toSorted().join(' ');
  return localSet(`times(${text})`, text.replaceAll(' ', ' and '), (local) => {
    const midnight = Math.floor(local / DAY) * DAY;
    const time = local - midnight;
    const inside = ranges.some((range) => isInside(time, range));
    return { inside, end: midnight + edges.find((edge) => edge > time)! };
  });
}

function isInside(time: number, { start, end }: Range): boolean {
  return start < end ? time >= start && time < end : time >= start || time < end;
}

function parseRange(text: string): Range | string {
  const expected = `expected ${TIME_RANGE}, got ${quote(text)}`;
  const [, ...parts] = RANGE.exec(text) ?? [];
  if (parts.length === 0) return expected;
  const start = parseTime(parts.slice(0, 3));
  const end = parseTime(parts.slice(3));
  if (start === null || end === null || start === DAY) return expected;
  if (start === end) return `${quote(text)} has no length; leave it out for the whole day`;
  return { start, end };
}

/** Milliseconds since midnight, up to 24:00; `null` for a time that does not exist. */
function parseTime(parts: readonly (string | undefined)[]): number | null {
  const [hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  if (minutes > 59 || seconds > 59) return null;
  const time = hours * HOUR + minutes * MINUTE + seconds * SECOND;
  return time <= DAY ? time : null;
}

function formatRange({ start, end }: Range): string {
  return `${formatTime(start)}-${formatTime(end)}`;
}

function formatTime(time: number): string {
  if (time === DAY) return '24:00';
  return new Date(time).toISOString().slice(11, 19).replace(/:00$/, '');
}
