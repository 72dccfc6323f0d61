import type { Schedule } from '../../schedule/schedule.ts';
import type { MonitorSchedule } from './sentry.ts';

const MINUTE = 60_000;

/**
 * The schedule of a Sentry monitor; `null` for one that Sentry cannot express. Day of month and day of week must both
 * match in Celery's crontab, which Sentry does not know, so that a schedule with both has none.
 */
export function toMonitorSchedule({ spec, every }: Schedule): MonitorSchedule | null {
  if (every !== undefined) {
    const minutes = every / MINUTE;
    if (!Number.isInteger(minutes) || minutes < 1) return null;
    return { type: 'interval', value: minutes, unit: 'minute' };
  }
  const [, value, days = ''] = /^cron\(([^()]*)\)(\S*) (?:elapsed|fixed) \S+$/.exec(spec) ?? [];
  if (value === undefined || days !== '') return null;
  const fields = value.split(' ');
  const [, , day, , weekday] = fields;
  if (fields.length !== 5 || (day !== '*' && weekday !== '*')) return null;
  return fields.every((field) => /^[\d*,/-]+$/.test(field)) ? { type: 'crontab', value } : null;
}
