import { formatIso } from '../../util/format-iso.ts';
import { createHash, createHmac } from 'node:crypto';
import { fillBody, type SentrySettings, type WebhookSettings } from '../../config/alerts/alerts.ts';
import type { Alert, AlertFunction } from '../../contracts/events/alert.ts';
import type { Schedule } from '../../schedule/schedule.ts';

/** A report about a run, for a service or a function. */
export type AlertRequest = HttpRequest | FunctionCall;

interface Report {
  /** Requests with the same key are sent one after the other. */
  readonly key: string;
  /** For the log: what is sent, such as `webhook (failure)`. URLs contain secrets, and are never logged. */
  readonly about: string;
  readonly entry: string | null;
}

export interface HttpRequest extends Report {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface FunctionCall extends Report {
  readonly call: (signal: AbortSignal) => unknown;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The name of an entry as part of a URL: lower case letters, digits and hyphens. */
function slugify(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'entry' : slug.slice(0, 50);
}

/** The longest text that a check stores, in characters. */
const MAX_BODY = 10_000;

export interface Ping {
  readonly entry: string;
  readonly signal: 'start' | 'success' | 'fail';
  /** `null` for a signal about no run. */
  readonly taskId: string | null;
  readonly text: string;
}

/** A ping of a check at healthchecks.io, or at a server with the same URLs. `{entry}` in the URL is replaced. */
export function buildPing(url: string, { entry, signal, taskId, text }: Ping): HttpRequest {
  const to = new URL(url.replaceAll('{entry}', slugify(entry)));
  if (signal !== 'success') to.pathname = `${to.pathname.replace(/\/$/, '')}/${signal}`;
  // The id of the run: runs of one check may overlap.
  if (taskId !== null && UUID.test(taskId)) to.searchParams.set('rid', taskId);
  return {
    key: `ping ${entry}`,
    about: `ping (${signal})`,
    entry,
    url: to.href,
    method: 'POST',
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: text.slice(0, MAX_BODY),
  };
}

const MINUTE = 60_000;

/**
 * The schedule of a Sentry monitor; `null` if Sentry cannot express it. In Celery's crontab, day of month and day of
 * week must both match; Sentry cannot express a schedule with both.
 */
export function toMonitorSchedule({ spec, every }: Schedule): MonitorSchedule | null {
  if (every !== undefined) {
    const minutes = every / MINUTE;
    if (!Number.isInteger(minutes) || minutes < 1) return null;
    return { type: 'interval', value: minutes, unit: 'minute' };
  }
  const [, value, days] = /^cron\(([^()]*)\)(\S*) (?:elapsed|fixed) \S+$/.exec(spec) ?? [];
  if (value === undefined || days !== '') return null;
  const fields = value.split(' ');
  const [, , day, , weekday] = fields;
  if (fields.length !== 5 || (day !== '*' && weekday !== '*')) return null;
  return fields.every((field) => /^[\d*,/-]+$/.test(field)) ? { type: 'crontab', value } : null;
}

type MonitorSchedule =
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
  /** Absent for an entry that was removed. */
  readonly schedule: Schedule | undefined;
  readonly timezone: string;
}

/** A cron check-in as an envelope of Sentry. The id of the check-in is that of the task. */
export function buildCheckIn(settings: SentrySettings, checkIn: CheckIn): HttpRequest {
  const { dsn, slug, environment } = settings;
  const { entry, taskId, status, runtimeMs, at, timezone } = checkIn;
  // Without a schedule, Sentry leaves the monitor unchanged.
  const schedule = checkIn.schedule && toMonitorSchedule(checkIn.schedule);
  const { protocol, host, username: key, pathname } = new URL(dsn);
  const [, prefix = '', project = ''] = /^(.*)\/(\d+)$/.exec(pathname) ?? [];
  const digest = createHash('sha256').update(taskId).digest('hex');
  const item = {
    check_in_id: UUID.test(taskId) ? taskId.replaceAll('-', '') : digest.slice(0, 32),
    monitor_slug: slug.replaceAll('{entry}', slugify(entry)),
    status,
    environment,
    ...(runtimeMs !== null && { duration: runtimeMs / 1_000 }),
    ...(schedule && { monitor_config: { schedule, timezone } }),
  };
  const lines = [{ sent_at: formatIso(at) }, { type: 'check_in' }, item];
  return {
    key: `sentry ${entry}`,
    about: `sentry (${status})`,
    entry,
    method: 'POST',
    url: `${protocol}//${host}${prefix}/api/${project}/envelope/`,
    headers: {
      'Content-Type': 'application/x-sentry-envelope',
      'X-Sentry-Auth': `Sentry sentry_version=7, sentry_client=celery-beat/1, sentry_key=${key}`,
    },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  };
}

/** A call of a webhook, signed as Standard Webhooks describes: HMAC-SHA256 over id, timestamp and body. */
export function buildWebhook(
  { url, secret, body: template, headers }: WebhookSettings,
  alert: Alert,
  { id, at }: { readonly id: string; readonly at: number },
): HttpRequest {
  const body = JSON.stringify(template ? fillBody(template, { ...alert }) : alert);
  const timestamp = String(Math.floor(at / 1_000));
  const signature = secret === null ? null : sign(secret, `${id}.${timestamp}.${body}`);
  const { entry, kind } = alert;
  return {
    key: `webhook ${entry}`,
    about: `webhook (${kind})`,
    entry,
    url,
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(signature !== null && { 'webhook-signature': `v1,${signature}` }),
      ...headers,
    },
  };
}

/** A secret that begins with `whsec_` is base64, any other is used as it is. */
function sign(secret: string, text: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
  return createHmac('sha256', key).update(text).digest('base64');
}

export function buildCall(call: AlertFunction, alert: Alert): FunctionCall {
  const { entry, kind } = alert;
  return { key: `call ${entry}`, about: `function (${kind})`, entry, call: (signal) => call(alert, signal) };
}
