import type { CalendarFields, MovableDay, NthWeekday } from './calendar.ts';

/**
 * The fields as one line of a crontab, the same for the same sets: members at even distances are
 * written as a range or a step, the seconds stand in front only where they are not simply 0, and the years
 * at the end (then with the seconds) only where they are not all. The ledger keeps this text: it must not
 * change for any expression, or beat takes the schedule for an edited one.
 */
export function cronText(fields: CalendarFields): string {
  const seconds = fieldText(fields.seconds, 0, 59);
  const dates = [...listed(fields.daysOfMonth, 1, 31), ...fields.movableDays.map(movableDayText)];
  const weekdays = [
    ...listed(fields.daysOfWeek, 0, 6),
    ...fields.lastWeekdays.map((day) => `${day}L`),
    ...fields.nthWeekdays.map(nthWeekdayText),
  ];
  return [
    ...(seconds === '0' && !fields.years ? [] : [seconds]),
    fieldText(fields.minutes, 0, 59),
    fieldText(fields.hours, 0, 23),
    dates.join(','),
    fieldText(fields.months, 1, 12),
    weekdays.join(','),
    ...(fields.years ? [fieldText(fields.years, 1970, 2199)] : []),
  ].join(' ');
}

/** Sorted, without repeats: dates first, then those from the end. */
export function movableDaysOnce(days: readonly MovableDay[]): MovableDay[] {
  return once(days, movableDayText).sort(
    (a, b) =>
      Number(a.fromEnd) - Number(b.fromEnd) ||
      Number(a.nearestWeekday) - Number(b.nearestWeekday) ||
      a.day - b.day,
  );
}

/** Sorted, without repeats. */
export function nthWeekdaysOnce(days: readonly NthWeekday[]): NthWeekday[] {
  return once(days, nthWeekdayText).sort((a, b) => a.weekday - b.weekday || a.nth - b.nth);
}

function movableDayText({ day, fromEnd, nearestWeekday }: MovableDay): string {
  const place = fromEnd ? (day === 0 ? 'L' : `L-${day}`) : String(day);
  return nearestWeekday ? `${place}W` : place;
}

function nthWeekdayText({ weekday, nth }: NthWeekday): string {
  return `${weekday}#${nth}`;
}

function once<T>(values: readonly T[], text: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [text(value), value])).values()];
}

function listed(members: readonly number[], lowest: number, highest: number): string[] {
  return members.length === 0 ? [] : [fieldText(members, lowest, highest)];
}

function fieldText(members: readonly number[], lowest: number, highest: number): string {
  const first = members[0]!;
  const last = members.at(-1)!;
  const step = (members[1] ?? first) - first;
  const even = members.every((member, i) => member === first + i * step);
  if (members.length < 3 || !even) return members.join(',');
  if (first === lowest && last + step > highest) return step === 1 ? '*' : `*/${step}`;
  return step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`;
}
