import { rrule } from '../../schedule/rrule/rrule.ts';
import { FREQUENCIES } from '../../schedule/rrule/recurrence-days.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { Encoded } from './decode.ts';

/** The parts of a rule that RedBeat stores under the names of python-dateutil. */
const LISTS = {
  bymonth: 'BYMONTH',
  byweekno: 'BYWEEKNO',
  byyearday: 'BYYEARDAY',
  bymonthday: 'BYMONTHDAY',
  byhour: 'BYHOUR',
  byminute: 'BYMINUTE',
  bysecond: 'BYSECOND',
  bysetpos: 'BYSETPOS',
} as const;

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

interface ConvertedRule {
  readonly fields: { readonly schedule: { rrule: string; dtstart: string; timezone: string } };
  readonly schedule: Schedule;
}

/**
 * Converts a recurrence rule. RedBeat stores the offset of `dtstart` and not its zone, and computes with it in summer and
 * winter. Throws an `Error` for a rule that beat does not have.
 */
export function convertRule(fields: Readonly<Record<string, unknown>>): ConvertedRule {
  const { freq, interval, count, until, wkst, byeaster, byweekday, dtstart } = fields;
  if (byeaster !== null && byeaster !== undefined) throw new Error('beat has no byeaster');
  const given = Object.entries(LISTS).map(([key, name]) => [name, toList(fields[key]).join(',')]);
  const parts: Readonly<Record<string, string>> = {
    FREQ: FREQUENCIES[Number(freq)] ?? String(freq),
    INTERVAL: interval === 1 ? '' : toList(interval).join(','),
    COUNT: toList(count).join(','),
    UNTIL: until === null || until === undefined ? '' : formatUntil(Number(until)),
    BYDAY: toList(byweekday).map(formatWeekday).join(','),
    ...(Object.fromEntries(given) as Readonly<Record<string, string>>),
    WKST: toList(wkst).map(formatWeekday).join(','),
  };
  const text = Object.entries(parts).filter(([, value]) => value !== '');
  const rule = text.map((part) => part.join('=')).join(';');
  const start = new Date(Number(dtstart) * 1_000).toISOString().replace('.000Z', 'Z');
  const timezone = formatZone(Number(fields['dtstart_tz'] ?? 0));
  return {
    fields: { schedule: { rrule: rule, dtstart: start, timezone } },
    schedule: rrule(rule, { dtstart: start, timezone }),
  };
}

function toList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function formatWeekday(value: unknown): string {
  const number = value instanceof Encoded ? value.fields['wkday'] : value;
  return WEEKDAYS[Number(number)] ?? String(number);
}

/** `20301231T080000Z`, from epoch seconds. */
function formatUntil(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** The zone of an offset in minutes. The names have the signs of POSIX: `Etc/GMT-1` is one hour ahead of UTC. */
function formatZone(minutes: number): string {
  if (minutes === 0) return 'UTC';
  if (minutes % 60 !== 0) throw new Error(`its offset of ${minutes} minutes is not a whole hour`);
  return `Etc/GMT${minutes > 0 ? '-' : '+'}${Math.abs(minutes) / 60}`;
}
