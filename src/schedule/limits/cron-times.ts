import { formatCron } from '../calendar/calendar-text.ts';
import { Calendar } from '../calendar/calendar.ts';
import { cronFields } from '../cron/cron.ts';
import { DAY, HOUR, MINUTE } from '../instants.ts';
import { localSet, type TimeSet } from './time-set.ts';

/**
 * The minutes that a cron expression of five fields matches, each as a whole: `* 9-16 * * mon-fri` is every weekday from
 * 09:00 to 17:00. Throws a `ConfigError` for an invalid expression.
 */
export function cronTimes(expression: string): TimeSet {
  const fields = cronFields(expression);
  const calendar = new Calendar(fields);
  const isFullHour = fields.minutes.length === 60;
  const isFullDay = isFullHour && fields.hours.length === 24;
  const unit = isFullDay ? DAY : isFullHour ? HOUR : MINUTE;
  const days = fields.union ? ' either-day' : '';
  return localSet(`cron(${formatCron(fields)}${days})`, `cron ${expression.trim()}`, (local) => {
    const minute = Math.floor(local / MINUTE) * MINUTE;
    const next = calendar.firstFrom(minute) ?? Infinity;
    if (next > minute) return { inside: false, end: next };
    return { inside: true, end: (Math.floor(local / unit) + 1) * unit };
  });
}
