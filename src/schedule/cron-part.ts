import { CronExpressionParser } from 'cron-parser';

import type { NthWeekday } from './calendar.ts';
import { memo } from '../memo.ts';

/** What one part of a field (between its commas) adds to the sets. */
export interface Part {
  readonly values: readonly number[];
  readonly lastDay: boolean;
  readonly lastWeekdays: readonly number[];
  readonly nthWeekdays: readonly NthWeekday[];
}

/** What is wrong with a part: the message names field and part. */
export class PartError extends Error {}

const FIELDS = [
  { name: 'second', key: 'second', allowed: '0-59' },
  { name: 'minute', key: 'minute', allowed: '0-59' },
  { name: 'hour', key: 'hour', allowed: '0-23' },
  { name: 'day of month', key: 'dayOfMonth', allowed: '1-31 or L' },
  { name: 'month', key: 'month', allowed: '1-12 or jan-dec' },
  { name: 'day of week', key: 'dayOfWeek', allowed: '0-7 or sun-sat, 5L, 5#2' },
] as const;

const read = memo<Part>();

/**
 * The parts of the i-th field, seconds first. Each is parsed alone, between stars: cron-parser would
 * refuse lists in which a value comes twice (`0-30,15`), which every host's cron accepts, and its
 * complaints do not say which field they mean. A `PartError` for the first that is wrong.
 */
export function readParts(i: number, text: string): readonly Part[] {
  return text.split(',').map((part) => read(`${i} ${part}`, () => readPart(i, part)));
}

function readPart(i: number, part: string): Part {
  const { name, key, allowed } = FIELDS[i]!;
  const error = (why: string) => new PartError(`${name}: ${JSON.stringify(part)} ${why}`);
  if (part === '') throw error('is an empty part between commas');
  if (/^H\b/i.test(part)) {
    throw error('is a random choice: write the time that you want, so that it stays the same');
  }
  try {
    const line = FIELDS.map((_, j) => (j === i ? part : '*')).join(' ');
    // The parser would look at the clock for a date to start from, which is not asked of it.
    const { fields } = CronExpressionParser.parse(line, { currentDate: new Date(0), tz: 'UTC' });
    return toPart(key, fields[key].values, fields.dayOfWeek.nthDay);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^(Constraint|Validation) error, /, '');
    throw error(`is not understood (${reason}); allowed is ${allowed}, with * , - and /`);
  }
}

function toPart(key: string, values: readonly (number | string)[], nth: number): Part {
  const numbers = values.filter((value) => typeof value === 'number');
  const last = values.filter((value) => typeof value === 'string');
  const part = { values: numbers, lastDay: false, lastWeekdays: [], nthWeekdays: [] };
  if (key === 'dayOfMonth') return { ...part, lastDay: last.length > 0 };
  if (key !== 'dayOfWeek') return part;
  // Sunday is 0 and 7 here.
  const weekdays = numbers.map((day) => day % 7);
  const lastWeekdays = last.map((day) => Number.parseInt(day, 10) % 7);
  if (nth === 0) return { ...part, values: weekdays, lastWeekdays };
  return { ...part, values: [], nthWeekdays: weekdays.map((weekday) => ({ weekday, nth })) };
}
