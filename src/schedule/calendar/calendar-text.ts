import type { CalendarFields, MovableDay, NthWeekday } from './calendar.ts';

/**
 * Formats fields as a canonical cron line: ranges and steps where values are evenly spaced, seconds only if
 * they are not 0, years (with seconds) only if they are limited. The ledger stores this text as part of the
 * spec: if it changed for any expression, beat would take the schedule for an edited one.
 */
export function formatCron(fields: CalendarFields): string {
  const seconds = formatField(fields.seconds, 0, 59);
  const dates = [
    ...formatList(fields.daysOfMonth, 1, 31),
    ...fields.movableDays.map(formatMovableDay),
  ];
  const weekdays = [
    ...formatList(fields.daysOfWeek, 0, 6),
    ...fields.lastWeekdays.map((day) => `${day}L`),
    ...fields.nthWeekdays.map(formatNthWeekday),
  ];
  return [
    ...(seconds === '0' && !fields.years ? [] : [seconds]),
    formatField(fields.minutes, 0, 59),
    formatField(fields.hours, 0, 23),
    dates.join(','),
    formatField(fields.months, 1, 12),
    weekdays.join(','),
    ...(fields.years ? [formatField(fields.years, 1970, 2199)] : []),
  ].join(' ');
}

/** Removes duplicates and sorts: days counted from the start first, then days counted from the end. */
export function uniqueMovableDays(days: readonly MovableDay[]): MovableDay[] {
  return unique(days, formatMovableDay).sort(
    (a, b) =>
      Number(a.fromEnd) - Number(b.fromEnd) ||
      Number(a.nearestWeekday) - Number(b.nearestWeekday) ||
      a.day - b.day,
  );
}

/** Removes duplicates and sorts. */
export function uniqueNthWeekdays(days: readonly NthWeekday[]): NthWeekday[] {
  return unique(days, formatNthWeekday).sort((a, b) => a.weekday - b.weekday || a.nth - b.nth);
}

function formatMovableDay({ day, fromEnd, nearestWeekday }: MovableDay): string {
  const place = fromEnd ? (day === 0 ? 'L' : `L-${day}`) : String(day);
  return nearestWeekday ? `${place}W` : place;
}

function formatNthWeekday({ weekday, nth }: NthWeekday): string {
  return `${weekday}#${nth}`;
}

function unique<T>(values: readonly T[], format: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [format(value), value])).values()];
}

function formatList(members: readonly number[], lowest: number, highest: number): string[] {
  return members.length === 0 ? [] : [formatField(members, lowest, highest)];
}

function formatField(members: readonly number[], lowest: number, highest: number): string {
  const first = members[0]!;
  const last = members.at(-1)!;
  const step = (members[1] ?? first) - first;
  const even = members.every((member, i) => member === first + i * step);
  if (members.length < 3 || !even) return members.join(',');
  if (first === lowest && last + step > highest) return step === 1 ? '*' : `*/${step}`;
  return step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`;
}
