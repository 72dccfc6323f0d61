import { createHash } from 'node:crypto';
import type { SentrySettings } from '../../config/alerts/settings.ts';
import { isUuid, slugify, type AlertRequest } from './request.ts';

/** The schedule of a monitor, as Sentry writes it. */
export type MonitorSchedule =
  | { readonly type: 'crontab'; readonly value: string }
  | { readonly type: 'interval'; readonly value: number; readonly unit: 'minute' };

export interface CheckIn {
  readonly entry: string;
  readonly taskId: string;
  readonly status: 'in_progress' | 'ok' | 'error';
  /** Milliseconds; `null` if unknown. */
  readonly runtimeMs: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The monitor is created, or changed, with this schedule; `null` leaves it as it is. */
  readonly schedule: MonitorSchedule | null;
  readonly timezone: string;
}

/** A cron check-in as an envelope of Sentry. The id of the check-in is that of the task. */
export function buildCheckIn(settings: SentrySettings, checkIn: CheckIn): AlertRequest {
  const { dsn, slug, environment } = settings;
  const { entry, taskId, status, runtimeMs, at, schedule, timezone } = checkIn;
  const { protocol, host, username: key, pathname } = new URL(dsn);
  const [, prefix = '', project = ''] = /^(.*)\/(\d+)$/.exec(pathname) ?? [];
  const item = {
    check_in_id: toCheckInId(taskId),
    monitor_slug: slug.replaceAll('{entry}', slugify(entry)),
    status,
    environment,
    ...(runtimeMs !== null && { duration: runtimeMs / 1_000 }),
    ...(schedule && { monitor_config: { schedule, timezone } }),
  };
  const lines = [{ sent_at: new Date(at).toISOString() }, { type: 'check_in' }, item];
  return {
    ...{ key: `sentry ${entry}`, about: `sentry (${status})`, entry, method: 'POST' },
    url: `${protocol}//${host}${prefix}/api/${project}/envelope/`,
    headers: {
      'Content-Type': 'application/x-sentry-envelope',
      'X-Sentry-Auth': `Sentry sentry_version=7, sentry_client=celery-beat/1, sentry_key=${key}`,
    },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  };
}

function toCheckInId(taskId: string): string {
  if (isUuid(taskId)) return taskId.replaceAll('-', '');
  return createHash('sha256').update(taskId).digest('hex').slice(0, 32);
}
