import type { CalendarFields } from './calendar.ts';

/**
 * The fields as one line of a crontab, the same for the same sets: members at even distances are
 * written as a range or a step, and the seconds stand in front only where they are not simply 0.
 */
export function cronText(fields: CalendarFields): string {
  const seconds = fieldText(fields.seconds, 0, 59);
  const dates = [...listed(fields.daysOfMonth, 1, 31), ...(fields.lastDay ? ['L'] : [])];
  const weekdays = [
    ...listed(fields.daysOfWeek, 0, 6),
    ...fields.lastWeekdays.map((day) => `${day}L`),
    ...fields.nthWeekdays.map(({ weekday, nth }) => `${weekday}#${nth}`),
  ];
  return [
    ...(seconds === '0' ? [] : [seconds]),
    fieldText(fields.minutes, 0, 59),
    fieldText(fields.hours, 0, 23),
    dates.join(','),
    fieldText(fields.months, 1, 12),
    weekdays.join(','),
  ].join(' ');
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
