import { quote } from '../text.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { FREQUENCIES, mostTimes, parseUntil, type RecurrenceRule, type RuleDay } from './recurrence-days.ts';

/** Monday is 0, as in Python. */
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/** Numeric parts with their highest number, whether 0 is allowed, and whether negative numbers count from the end. */
const NUMBERS = {
  BYMONTH: { key: 'months', low: 1, high: 12, negative: false },
  BYWEEKNO: { key: 'weekNumbers', low: 1, high: 53, negative: true },
  BYYEARDAY: { key: 'yearDays', low: 1, high: 366, negative: true },
  BYMONTHDAY: { key: 'monthDays', low: 1, high: 31, negative: true },
  BYHOUR: { key: 'hours', low: 0, high: 23, negative: false },
  BYMINUTE: { key: 'minutes', low: 0, high: 59, negative: false },
  BYSECOND: { key: 'seconds', low: 0, high: 59, negative: false },
  BYSETPOS: { key: 'positions', low: 1, high: 366, negative: true },
} as const;

/** In the order of the canonical text. */
const PARTS = [
  ...['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY'],
  ...['BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND', 'BYSETPOS', 'WKST'],
];

/** The most times of a period from which `BYSETPOS` selects: more than the seconds of a day. */
const MAX_TIMES = 100_000;

/** The highest `COUNT`: later occurrences would take too long to count. */
const MAX_COUNT = 1_000;

/** Parses a rule such as `FREQ=MONTHLY;BYDAY=-1FR`. Throws a `ConfigError` with every error. */
export function parseRule(text: string): RecurrenceRule {
  const errors: Diagnostic[] = [];
  const report = (message: string) => void errors.push(errorAt([], message));
  const given = split(text, report);
  const value = (name: string) => given.get(name);
  const found = value('FREQ');
  const freq = FREQUENCIES.find((each) => each === found);
  if (!freq) {
    const what = found === undefined ? 'FREQ is missing' : `FREQ=${found} is unknown`;
    report(`${what}; allowed: ${FREQUENCIES.join(', ')}`);
  }
  const whole = (name: string, high: number): number | undefined => {
    const given = value(name);
    if (given === undefined) return undefined;
    if (/^\d{1,9}$/.test(given) && Number(given) >= 1 && Number(given) <= high) return Number(given);
    return void report(`${name}=${given}: expected a whole number from 1 to ${high}`);
  };
  const lists = Object.entries(NUMBERS).map(([name, limits]) => [
    limits.key,
    readNumbers(name, value(name), limits, report),
  ]);
  const weekStart = WEEKDAYS.indexOf(value('WKST') ?? 'MO');
  if (weekStart < 0) report(`WKST=${value('WKST')}: expected one of ${WEEKDAYS.join(', ')}`);
  const until = value('UNTIL');
  if (until !== undefined && !isUntil(until)) report(`UNTIL=${until}: expected an instant such as 20301231T080000Z`);
  const rule: RecurrenceRule = {
    freq: freq ?? 'DAILY',
    interval: whole('INTERVAL', 100_000) ?? 1,
    count: whole('COUNT', MAX_COUNT),
    until,
    days: readDays(value('BYDAY'), report),
    weekStart,
    ...(Object.fromEntries(lists) as Record<(typeof NUMBERS)[keyof typeof NUMBERS]['key'], readonly number[]>),
  };
  if (freq) checkTogether(rule, report);
  const most = errors.length > 0 || rule.positions.length === 0 ? 0 : mostTimes(rule);
  if (most > MAX_TIMES) {
    report(
      `BYSETPOS selects from up to ${thousands(most)} times in a period, more than ${thousands(MAX_TIMES)}; use fewer values of BYHOUR, BYMINUTE and BYSECOND`,
    );
  }
  if (errors.length > 0) throw new ConfigError(errors);
  return rule;
}

/** The canonical text of a rule: a part of the spec, which the ledger stores. */
export function formatRule(rule: RecurrenceRule): string {
  const values = formatParts(rule);
  const parts = PARTS.filter((name) => values[name] !== '');
  return parts.map((name) => `${name}=${values[name]!}`).join(';');
}

/** The canonical text of each part by its name, such as `BYDAY`; empty for an absent part. */
export function formatParts(rule: RecurrenceRule): Readonly<Record<string, string>> {
  return {
    FREQ: rule.freq,
    INTERVAL: rule.interval === 1 ? '' : String(rule.interval),
    COUNT: String(rule.count ?? ''),
    UNTIL: rule.until ?? '',
    BYDAY: rule.days.map(({ nth = '', weekday }) => `${nth}${WEEKDAYS[weekday]!}`).join(','),
    WKST: rule.weekStart === 0 ? '' : WEEKDAYS[rule.weekStart]!,
    ...Object.fromEntries(Object.entries(NUMBERS).map(([name, { key }]) => [name, rule[key].join(',')])),
  };
}

function split(text: string, report: (message: string) => void): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  let problems = 0;
  const line = text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '');
  for (const part of line.split(';').filter((each) => each !== '')) {
    const [, name = part, value] = /^([^=]*)=(.+)$/.exec(part) ?? [];
    if (problems === MAX_PROBLEMS) break;
    if (!PARTS.includes(name)) {
      problems += 1;
      const hint = didYouMean(name, PARTS) || `; allowed: ${PARTS.join(', ')}`;
      report(`${quote(name)} is not a part of a rule${hint}`);
    } else if (value === undefined) report(`${name} has no value`);
    else if (given.has(name)) report(`${name} is given twice`);
    else given.set(name, value);
  }
  return given;
}

function readNumbers(
  name: string,
  text: string | undefined,
  { low, high, negative }: (typeof NUMBERS)[keyof typeof NUMBERS],
  report: (message: string) => void,
): readonly number[] {
  const numbers = text?.split(',').map((each) => {
    const number = /^[+-]?\d{1,3}$/.test(each) ? Number(each) : NaN;
    const size = negative ? Math.abs(number) : number;
    if (size >= low && size <= high) return number;
    const range = `${low} to ${high}${negative ? `, or -${high} to -${low}` : ''}`;
    report(`${name}=${text}: ${each} is out of range ${range}`);
    return 0;
  });
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

function readDays(text: string | undefined, report: (message: string) => void): readonly RuleDay[] {
  const days = text?.split(',').map((each): RuleDay & { readonly key: string } => {
    const [, nth, name = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(each) ?? [];
    const weekday = WEEKDAYS.indexOf(name);
    const count = nth === undefined ? undefined : Number(nth);
    if (weekday >= 0 && count !== 0 && Math.abs(count ?? 1) <= 53) {
      return { weekday, nth: count, key: `${count ?? ''} ${weekday}` };
    }
    report(`BYDAY=${text}: ${each} is not a weekday such as MO, 1MO or -1FR`);
    return { weekday: 0, key: '' };
  });
  const unique = new Map(days?.map(({ key, ...day }) => [key, day]));
  return [...unique.values()].toSorted((a, b) => (a.nth ?? 0) - (b.nth ?? 0) || a.weekday - b.weekday);
}

/** Reports parts that RFC 5545 does not allow together. */
function checkTogether(rule: RecurrenceRule, report: (message: string) => void): void {
  const { freq, count, until, days, weekNumbers, positions } = rule;
  if (count !== undefined && until !== undefined) report('COUNT and UNTIL exclude each other');
  if (days.some(({ nth }) => nth !== undefined)) {
    if (freq !== 'YEARLY' && freq !== 'MONTHLY') {
      report(`BYDAY with a number, such as 1MO, needs FREQ=MONTHLY or FREQ=YEARLY, not ${freq}`);
    } else if (weekNumbers.length > 0) report('BYDAY with a number does not go with BYWEEKNO');
  }
  if (weekNumbers.length > 0 && freq !== 'YEARLY') report('BYWEEKNO needs FREQ=YEARLY');
  const others = [rule.months, rule.weekNumbers, rule.yearDays, rule.monthDays, rule.days];
  const limits = [...others, rule.hours, rule.minutes, rule.seconds];
  if (positions.length > 0 && limits.every(({ length }) => length === 0)) {
    report('BYSETPOS needs another part that begins with BY');
  }
}

/** Whether a text is a day or an instant, and that day and time exist. */
function isUntil(until: string): boolean {
  if (!/^\d{8}(?:T\d{6}Z?)?$/.test(until)) return false;
  const at = parseUntil(until);
  return !Number.isNaN(at) && new Date(at).toISOString().replaceAll(/[-:]/g, '').startsWith(until.replace('Z', ''));
}
