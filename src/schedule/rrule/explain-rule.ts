import { describeLocal } from '../description.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../instants.ts';
import type { FieldCheck } from '../schedule.ts';
import { MONTH_NAMES, WEEKDAY_NAMES } from '../words.ts';
import { describePeriod } from './describe-rule.ts';
import { RecurrenceDays } from './recurrence-days.ts';
import type { Recurrence } from './recurrence.ts';
import { formatParts } from './rrule-text.ts';
import type { RecurrenceRule } from './recurrence-rule.ts';

/** Compares each part of a recurrence rule with a local time. `start` is the local time of `dtstart`. */
export function explainRule(recurrence: Recurrence, local: number, start: number): FieldCheck[] {
  const { rule } = recurrence;
  const checks = [
    ...checkPeriod(recurrence, local),
    ...checkDays(rule, local),
    ...checkTimes(rule, local),
    ...checkPosition(recurrence, local),
  ];
  // What the parts allow, and COUNT, UNTIL or dtstart does not.
  const isOutside = checks.every(({ matches }) => matches) && recurrence.firstFrom(local) !== local;
  if (!isOutside) return checks;
  const { count, until } = rule;
  const [field, limit] =
    local < start
      ? ['DTSTART', describeLocal(start)]
      : count !== undefined
        ? ['COUNT', String(count)]
        : ['UNTIL', until ?? ''];
  return [...checks, { field, rule: limit, value: describeLocal(local), matches: false }];
}

function checkPeriod(recurrence: Recurrence, local: number): FieldCheck[] {
  const { rule } = recurrence;
  if (rule.interval === 1) return [];
  const periods = recurrence.periodsTo(local);
  const matches = periods >= 0 && periods % rule.interval === 0;
  const value = `${periods} after that of DTSTART`;
  return [{ field: 'INTERVAL', rule: `every ${describePeriod(rule)}`, value, matches }];
}

/** Parts that select days, with the value of a day. */
const DAY_PARTS = [
  ['months', 'BYMONTH', (date: Date) => MONTH_NAMES[date.getUTCMonth()]!],
  ['weekNumbers', 'BYWEEKNO', (date: Date) => date.toISOString().slice(0, 10)],
  ['yearDays', 'BYYEARDAY', (date: Date) => date.toISOString().slice(0, 10)],
  ['monthDays', 'BYMONTHDAY', (date: Date) => String(date.getUTCDate())],
  ['days', 'BYDAY', (date: Date) => WEEKDAY_NAMES[(date.getUTCDay() + 6) % 7]!],
] as const;

function checkDays(rule: RecurrenceRule, local: number): FieldCheck[] {
  const texts = formatParts(rule);
  return DAY_PARTS.filter(([key]) => rule[key].length > 0).map(([key, field, show]) => {
    const others = { weekNumbers: [], yearDays: [], monthDays: [], days: [] };
    // With months, a number in BYDAY counts within the month.
    const months = rule.months.length > 0 ? ALL_MONTHS : [];
    const days = new RecurrenceDays({ ...rule, ...others, months, [key]: rule[key] });
    const matches = days.has(Math.floor(local / DAY));
    return { field, rule: texts[field]!, value: show(new Date(local)), matches };
  });
}

const ALL_MONTHS = Array.from({ length: 12 }, (_, i) => i + 1);

const TIME_PARTS = [
  ['hours', 'BYHOUR', HOUR, 24],
  ['minutes', 'BYMINUTE', MINUTE, 60],
  ['seconds', 'BYSECOND', SECOND, 60],
] as const;

function checkTimes(rule: RecurrenceRule, local: number): FieldCheck[] {
  return TIME_PARTS.filter(([key]) => rule[key].length > 0).map(([key, field, unit, size]) => {
    const value = ((Math.floor(local / unit) % size) + size) % size;
    const matches = rule[key].includes(value);
    return { field, rule: rule[key].join(','), value: String(value), matches };
  });
}

function checkPosition(recurrence: Recurrence, local: number): FieldCheck[] {
  const { positions } = recurrence.rule;
  if (positions.length === 0) return [];
  const { index, length } = recurrence.indexInPeriod(local);
  const matches =
    index >= 0 && positions.some((each) => each === index + 1 || each === index - length);
  const value = index < 0 ? `none of ${length}` : `${index + 1} of ${length}`;
  return [{ field: 'BYSETPOS', rule: positions.join(','), value, matches }];
}
