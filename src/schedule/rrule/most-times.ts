import { RecurrenceDays, startOf } from './recurrence-days.ts';
import type { Frequency, RecurrenceRule } from './recurrence-rule.ts';

/** Which lists of a rule are times within its period: the lists of shorter units. */
const SHORTER: Readonly<Partial<Record<Frequency, readonly ('hours' | 'minutes' | 'seconds')[]>>> =
  {
    HOURLY: ['minutes', 'seconds'],
    MINUTELY: ['seconds'],
    SECONDLY: [],
  };

/** The most times that a rule has in one of its periods, before `BYSETPOS` selects. */
export function mostTimes(rule: RecurrenceRule): number {
  const lists = SHORTER[rule.freq] ?? (['hours', 'minutes', 'seconds'] as const);
  // A list that is absent gets one value from dtstart.
  const times = lists.reduce((count, key) => count * Math.max(1, rule[key].length), 1);
  return times * mostDays(rule);
}

function mostDays(rule: RecurrenceRule): number {
  const { freq, months, weekNumbers, yearDays, monthDays, days } = rule;
  const isOpen = [weekNumbers, yearDays, monthDays, days].every(({ length }) => length === 0);
  switch (freq) {
    case 'YEARLY':
      // Without a list of days, one day of each month recurs.
      return isOpen ? Math.max(1, months.length) : countDays(rule, 0, 12);
    case 'MONTHLY':
      if (isOpen) return 1;
      return Math.max(...Array.from({ length: 12 }, (_, i) => countDays(rule, i, i + 1)));
    case 'WEEKLY':
      return isOpen ? 1 : Math.min(7, countDays(rule, 0, 12));
    default:
      return 1;
  }
}

/** The allowed days between two months of a leap year. */
function countDays(rule: RecurrenceRule, from: number, to: number): number {
  const days = new RecurrenceDays(rule);
  const end = startOf(2028, to);
  let count = 0;
  for (let day = days.firstFrom(startOf(2028, from)); day < end; day = days.firstFrom(day + 1))
    count += 1;
  return count;
}
