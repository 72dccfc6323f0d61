import type { EntryConfig } from '../../generated/config-types.ts';
import { cron } from '../../schedule/cron/cron.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { checkZone } from '../../schedule/zone/zone-names.ts';
import type { Upcoming } from '../found.ts';
import { findClockDifference, upcomingByCron, type CronZones } from './cron-times.ts';
import { findBackwards, NICKNAMES, readCronLine, type CronLine } from './cron-line.ts';

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
  if (when.startsWith('@') && !nicknames.includes(when)) {
    return `${when}: expected one of ${nicknames.join(', ')}`;
  }
  const fields = when.startsWith('@') ? [] : when.split(' ');
  const isPart = (part: string) => PART.test(part) || STEPPED.test(part);
  const wrong = fields.find((field) => !field.split(',').every(isPart));
  if (wrong !== undefined) return `the field ${wrong} is not one of crontab(5)`;
  const backwards = findBackwards(when);
  if (backwards !== undefined) {
    return `the range ${backwards} runs backwards: Debian's cron never matches it, and cronie rejects it`;
  }
  const line = readCronLine(when);
  // beat's error names the wrong part or zone.
  if (!line || !isZone(zones.table ?? zones.host)) return { schedule: { cron: when } };
  const upcoming = upcomingByCron(line, zones);
  const { expression, note } = chooseExpression(when, line, zones, now);
  return { schedule: { cron: expression }, upcoming, note };
}

/**
 * Chooses the expression with cron's instants at clock changes. beat repeats skipped times of lists as cron does, but not
 * those of ranges and steps.
 */
function chooseExpression(
  when: string,
  line: CronLine,
  zones: CronZones,
  now: number,
): { readonly expression: string; readonly note?: string } {
  const find = (expression: string) => {
    const schedule = parseCron(expression, zones.table ?? zones.host);
    return schedule && findClockDifference(line, zones, schedule, now);
  };
  const difference = find(when);
  if (!difference) return { expression: when };
  const [, , ...days] = when.split(' ');
  const list = [line.minutes.join(','), line.hours.join(','), ...days].join(' ');
  if (!line.wildcard && find(list) === null) return { expression: list };
  const { instant, by } = difference;
  const at = new Date(instant).toISOString();
  const note = `when clocks change, cron and beat differ: only ${by} has a run at ${at}`;
  return { expression: when, note };
}

function isZone(name: string): boolean {
  try {
    checkZone(name);
    return true;
  } catch {
    return false;
  }
}

/** The schedule of an expression in a zone; `null` if beat rejects either. */
export function parseCron(expression: string, timezone: string): Schedule | null {
  try {
    return cron(expression, { timezone });
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
