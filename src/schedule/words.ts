import type Cronstrue from 'cronstrue';
import { onDemand } from '../on-demand.ts';
import { cronText } from './calendar-text.ts';
import type { CalendarFields } from './calendar.ts';
import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';

const cronstrue = onDemand((require) => require('cronstrue') as typeof Cronstrue);

/** The fields in plain English, such as `at 04:00, only on Friday`; `undefined` where words fail. */
export function inWords(fields: CalendarFields): string | undefined {
  const text = cronstrue().toString(cronText(fields), {
    use24HourTimeFormat: true,
    logicalAndDayFields: !fields.union,
    throwExceptionOnParseError: false,
  });
  if (text.startsWith('An error occurred')) return undefined;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const UNITS = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [SECOND, 'second'],
  [1, 'millisecond'],
] as const;

/** Milliseconds as `1 hour 30 minutes`; a single unit without its number, as in "every day". */
export function durationWords(duration: number): string {
  const parts: string[] = [];
  let left = duration;
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(count === 1 ? `1 ${name}` : `${count} ${name}s`);
  }
  const [only = ''] = parts;
  return parts.length === 1 ? only.replace(/^1 /, '') : parts.join(' ');
}
