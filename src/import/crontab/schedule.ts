import type { EntryConfig } from '../../generated/config-types.ts';
import { cron } from '../../schedule/cron/cron.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import type { Upcoming } from '../found.ts';
import { findClockDifference, upcomingByCron, type CronZones } from './cron-times.ts';
import { findBackwards, NICKNAMES, readCronLine } from './cron-line.ts';

export interface CronSchedule {
  readonly schedule: EntryConfig['schedule'];
  /** The instants according to cron; `undefined` for anacron, which has no fixed instants. */
  readonly upcoming?: Upcoming | undefined;
  /** How beat differs when clocks change. */
  readonly note?: string | undefined;
}

/** A part of a field as cron reads it; beat's own `cron` accepts more, which cron rejects. */
const PART = /^(?:\*|[a-z]{3}|\d{1,2}|(?:\d{1,2}|[a-z]{3})-(?:\d{1,2}|[a-z]{3}))$/i;
const STEPPED = /^(?:\*|(?:\d{1,2}|[a-z]{3})-(?:\d{1,2}|[a-z]{3}))\/\d+$/i;

/** Converts five fields or a nickname, or returns the reason why cron or beat rejects them. */
export function convertWhen(when: string, zones: CronZones, now: number): CronSchedule | string {
  if (when === '@reboot') return 'beat has no runs at the start of a host';
  const nicknames = Object.keys(NICKNAMES);
  if (when.startsWith('@') && !nicknames.includes(when)) return `${when}: expected one of ${nicknames.join(', ')}`;
  const fields = when.startsWith('@') ? [] : when.split(' ');
  const isPart = (part: string) => PART.test(part) || STEPPED.test(part);
  const wrong = fields.find((field) => !field.split(',').every(isPart));
  if (wrong !== undefined) return `the field ${wrong} is not one of crontab(5)`;
  const backwards = findBackwards(when);
  if (backwards !== undefined) {
    return `the range ${backwards} runs backwards: Debian's cron never matches it, and cronie rejects it`;
  }
  const line = readCronLine(when);
  const schedule = parseCron(when, zones);
  // beat's error names the wrong part or zone.
  if (!line || !schedule) return { schedule: { cron: when } };
  const upcoming = upcomingByCron(line, zones);
  const difference = findClockDifference(line, zones, schedule, now);
  if (!difference) return { schedule: { cron: when }, upcoming };
  // beat repeats skipped times of lists as cron does, but not those of ranges and steps.
  const [, , ...days] = when.split(' ');
  const list = [line.minutes.join(','), line.hours.join(','), ...days].join(' ');
  const listed = line.wildcard ? null : parseCron(list, zones);
  if (listed && !findClockDifference(line, zones, listed, now)) return { schedule: { cron: list }, upcoming };
  const at = new Date(difference.instant).toISOString();
  const note = `when clocks change, cron and beat differ: only ${difference.by} has a run at ${at}`;
  return { schedule: { cron: when }, upcoming, note };
}

/** The schedule of an expression; `null` if beat rejects the expression or the zone. */
function parseCron(expression: string, { host, table = host }: CronZones): Schedule | null {
  try {
    return cron(expression, { timezone: table });
  } catch {
    return null;
  }
}

const PERIODS: Readonly<Record<string, EntryConfig['schedule']>> = {
  '@daily': '1d',
  '@weekly': '7d',
  '@monthly': { cron: '@monthly' },
  '@yearly': { cron: '@yearly' },
  '@annually': { cron: '@annually' },
};

/** Converts a period of anacron, or returns the reason why it is invalid. */
export function convertPeriod(when: string): CronSchedule | string {
  if (Object.hasOwn(PERIODS, when)) return { schedule: PERIODS[when]! };
  if (/^[1-9]\d{0,4}$/.test(when)) return { schedule: `${when}d` };
  return `the period ${when} is neither a number of days nor @monthly`;
}
