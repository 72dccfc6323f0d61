import { listed, ordinal } from '../words.ts';
import type { CalendarFields, MovableDay } from './calendar.ts';

/** Describes the days of the month: `on day 1 and the weekday nearest day 15 of the month`. */
export function describeDaysOfMonth({ daysOfMonth, movableDays }: CalendarFields): string {
  const days = [...daysOfMonth.map((day) => `day ${day}`), ...movableDays.map(describeMovableDay)];
  return `on ${listed(days)} of the month`;
}

function describeMovableDay({ day, fromEnd, nearestWeekday }: MovableDay): string {
  if (!fromEnd) return `the weekday nearest day ${day}`;
  if (day === 0) return nearestWeekday ? 'the last weekday' : 'the last day';
  const before = `the ${ordinal(day)} day before the last`;
  return nearestWeekday ? `the weekday nearest ${before}` : before;
}
