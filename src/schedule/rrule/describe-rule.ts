import { describeLocal, listed, MONTH_NAMES, ordinal, WEEKDAY_NAMES } from '../text.ts';
import { DAY, HOUR, MINUTE, modulo, numbersBetween, SECOND } from '../instants.ts';
import { isInstant, parseUntil, PERIODS, rankOf, recurrenceDays, type RecurrenceRule } from './recurrence-days.ts';
import { formatParts } from './rrule-text.ts';
import type { Recurrence } from './recurrence.ts';
import type { FieldCheck } from '../schedule.ts';

/** The most times of a day that are listed; more are described by their hours, minutes and seconds. */
const MAX_TIMES = 6;

/**
 * Describes a rule in English: `every 2 weeks on Monday and Friday at 09:00, 12 times`. The rule is complete, as
 * `Recurrence` has it. `start` is the local time of `dtstart`, if the rule has one.
 */
export function describeRule(rule: RecurrenceRule, start: number | undefined): string {
  const { count, until, positions } = rule;
  return [
    [`every ${describePeriod(rule)}`, ...describeDays(rule), ...describeTimes(rule)].join(' '),
    ...(positions.length === 0 ? [] : [`only the ${describeNumbers(positions)} of each ${PERIODS[rule.freq].name}`]),
    ...describeWeekStart(rule),
    ...(count === undefined ? [] : [count === 1 ? 'once' : `${count} times`]),
    ...(start === undefined ? [] : [`from ${describeLocal(start)}`]),
    ...(until === undefined ? [] : [`until ${describeUntil(until)}`]),
  ].join(', ');
}

/** Names the first day of the week if it has an effect. */
function describeWeekStart({ freq, interval, weekNumbers, weekStart }: RecurrenceRule): string[] {
  const matters = weekNumbers.length > 0 || (freq === 'WEEKLY' && interval > 1);
  return weekStart === 0 || !matters ? [] : [`weeks begin on ${WEEKDAY_NAMES[weekStart]!}`];
}

/** Such as `month`, or `2 weeks`. */
function describePeriod({ freq, interval }: RecurrenceRule): string {
  return interval === 1 ? PERIODS[freq].name : `${interval} ${PERIODS[freq].name}s`;
}

function describeDays(rule: RecurrenceRule): string[] {
  const { months, weekNumbers, yearDays, monthDays } = rule;
  const names = listed(months.map((month) => MONTH_NAMES[month - 1]!));
  const month = names === '' ? 'the month' : names;
  const dates = [
    ...(monthDays.length === 0 ? [] : [`the ${describeNumbers(monthDays)} day of ${month}`]),
    ...(yearDays.length === 0 ? [] : [`the ${describeNumbers(yearDays)} day of the year`]),
  ];
  const weekdays = describeWeekdays(rule, month, dates.length > 0);
  const days = [
    ...(dates.length === 0 ? [] : [`on ${dates.join(' that is also ')}`]),
    ...(weekdays === '' ? [] : [dates.length === 0 ? `on ${weekdays}` : `if that is ${weekdays}`]),
    ...(weekNumbers.length === 0 ? [] : [`in the ${describeNumbers(weekNumbers)} week of the year`]),
  ];
  const isNamed = names === '' || days.some((text) => text.includes(` of ${names}`));
  return isNamed ? days : [...days, `in ${names}`];
}

function describeWeekdays({ days, freq, months }: RecurrenceRule, month: string, isOne: boolean): string {
  const period = freq === 'YEARLY' && months.length === 0 ? 'the year' : month;
  const plain = days.filter(({ nth }) => nth === undefined).map(({ weekday }) => weekday);
  const numbered = fromFirst(
    days.filter(({ nth }) => nth !== undefined),
    ({ nth }) => nth!,
  );
  const texts = [
    ...(isOne ? plain.map((weekday) => `a ${WEEKDAY_NAMES[weekday]!}`) : describeRuns(plain)),
    ...numbered.map(({ weekday, nth }) => `the ${fromEnd(nth!)} ${WEEKDAY_NAMES[weekday]!}`),
  ];
  return `${listed(texts, isOne ? 'or' : 'and')}${numbered.length === 0 ? '' : ` of ${period}`}`;
}

/** Three weekdays in a row and more are a range, such as `Monday to Friday`. */
function describeRuns(weekdays: readonly number[]): readonly string[] {
  const [first = 0, last = 0] = [weekdays.at(0), weekdays.at(-1)];
  const isRun = weekdays.length > 2 && last - first + 1 === weekdays.length;
  return isRun
    ? [`${WEEKDAY_NAMES[first]!} to ${WEEKDAY_NAMES[last]!}`]
    : weekdays.map((weekday) => WEEKDAY_NAMES[weekday]!);
}

function describeNumbers(numbers: readonly number[]): string {
  return listed(fromFirst(numbers, (number) => number).map(fromEnd));
}

/** Sorts what is counted from the beginning before what is counted from the end, which is negative. */
function fromFirst<T>(items: readonly T[], number: (item: T) => number): readonly T[] {
  const place = (item: T) => (number(item) > 0 ? number(item) : number(item) + 1_000);
  return items.toSorted((a, b) => place(a) - place(b));
}

function describeTimes(rule: RecurrenceRule): string[] {
  const { hours, minutes, seconds } = rule;
  const second = ['', '0'].includes(seconds.join()) ? [] : [`at ${numbers('second', seconds)}`];
  if (rankOf(rule) > 0) {
    return [
      ...second,
      ...(minutes.length === 0 ? [] : [`at ${numbers('minute', minutes)}`]),
      ...(hours.length === 0 ? [] : [`in ${numbers('hour', hours)}`]),
    ];
  }
  if (hours.length * minutes.length * seconds.length > MAX_TIMES) {
    return [...second, `at ${numbers('minute', minutes)} of ${numbers('hour', hours)}`];
  }
  const times = hours.flatMap((hour) => minutes.flatMap((minute) => seconds.map((each) => clock(hour, minute, each))));
  return [`at ${listed(times)}`];
}

function numbers(unit: string, values: readonly number[]): string {
  return `${unit}${values.length === 1 ? '' : 's'} ${listed(values.map(String))}`;
}

function clock(...parts: readonly [hour: number, minute: number, second: number]): string {
  return parts
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
    .replace(/^(..:..):00$/, '$1');
}

/** `3rd`, `last`, `2nd last`. */
function fromEnd(number: number): string {
  if (number > 0) return ordinal(number);
  return number === -1 ? 'last' : `${ordinal(-number)} last`;
}

/** `2030-12-31 08:00 UTC` for `20301231T080000Z`. */
function describeUntil(until: string): string {
  const local = describeLocal(parseUntil(until));
  if (!until.includes('T')) return local.slice(0, 10);
  return isInstant(until) ? `${local} UTC` : local;
}

/** Compares each part of a recurrence rule with a local time. `start` is the local time of `dtstart`. */
export function explainRule(recurrence: Recurrence, local: number, start: number): FieldCheck[] {
  const { rule } = recurrence;
  const checks = [
    ...checkPeriod(recurrence, local),
    ...checkDays(rule, local),
    ...checkTimes(rule, local),
    ...checkPosition(recurrence, local),
  ];
  // The parts allow the time, but COUNT, UNTIL or dtstart excludes it.
  const isOutside = checks.every(({ matches }) => matches) && recurrence.firstFrom(local) !== local;
  if (!isOutside) return checks;
  const { count, until = '' } = rule;
  const [field, limit] = count === undefined ? ['UNTIL', until] : ['COUNT', String(count)];
  const outside = local < start ? { field: 'DTSTART', rule: describeLocal(start) } : { field, rule: limit };
  return [...checks, { ...outside, value: describeLocal(local), matches: false }];
}

function checkPeriod(recurrence: Recurrence, local: number): FieldCheck[] {
  const { rule } = recurrence;
  if (rule.interval === 1) return [];
  const periods = recurrence.periodsTo(local);
  const matches = periods >= 0 && periods % rule.interval === 0;
  const value = `${periods} after that of DTSTART`;
  return [{ field: 'INTERVAL', rule: `every ${describePeriod(rule)}`, value, matches }];
}

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
    const months = rule.months.length > 0 ? numbersBetween(1, 12) : [];
    const days = recurrenceDays({ ...rule, ...others, months, [key]: rule[key] });
    const matches = days.has(Math.floor(local / DAY));
    return { field, rule: texts[field]!, value: show(new Date(local)), matches };
  });
}

const TIME_PARTS = [
  ['hours', 'BYHOUR', HOUR, 24],
  ['minutes', 'BYMINUTE', MINUTE, 60],
  ['seconds', 'BYSECOND', SECOND, 60],
] as const;

function checkTimes(rule: RecurrenceRule, local: number): FieldCheck[] {
  return TIME_PARTS.filter(([key]) => rule[key].length > 0).map(([key, field, unit, size]) => {
    const value = modulo(Math.floor(local / unit), size);
    return { field, rule: rule[key].join(','), value: String(value), matches: rule[key].includes(value) };
  });
}

function checkPosition(recurrence: Recurrence, local: number): FieldCheck[] {
  const { positions } = recurrence.rule;
  if (positions.length === 0) return [];
  const { index, length } = recurrence.indexInPeriod(local);
  const matches = index >= 0 && positions.some((each) => each === index + 1 || each === index - length);
  const value = index < 0 ? `none of ${length}` : `${index + 1} of ${length}`;
  return [{ field: 'BYSETPOS', rule: positions.join(','), value, matches }];
}
