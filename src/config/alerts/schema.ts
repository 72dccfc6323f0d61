import { z } from 'zod';
import { option, required, MAP, name, mapOf } from '../values/option.ts';

export const ALERT_KINDS = ['failure', 'late', 'missed', 'recovered'] as const;

const KINDS = `a list of ${ALERT_KINDS.map((kind) => `'${kind}'`).join(', ')}`;

/** URLs are checked separately: an invalid URL may contain a secret, and errors must not show it. */
const url = () => z.string('an http:// or https:// URL');

const sentry = mapOf('SentryConfig', {
  dsn: option(url(), 'The DSN of the project.', {
    otherwise: 'BEAT_SENTRY_DSN or SENTRY_DSN of the environment',
    example: 'https://key@o1.ingest.sentry.io/42',
  }),
  slug: option.nonEmpty('The slug of the monitor; `{entry}` is the name of the entry.', {
    default: '{entry}',
    example: 'shop-{entry}',
  }),
  environment: option.nonEmpty('The environment of the check-ins.', { default: 'production', example: 'staging' }),
});

const webhook = mapOf('WebhookConfig', {
  url: required(url(), 'Receives a POST with JSON.', { example: 'https://hooks.example.com/beat' }),
  secret: option.text('Signs each request, as Standard Webhooks describes.', {
    otherwise: 'BEAT_WEBHOOK_SECRET of the environment; requests are not signed without one',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }),
  on: option(z.array(z.enum(ALERT_KINDS, KINDS), KINDS), 'What it is called for.', {
    default: ALERT_KINDS,
    example: ['failure'],
  }),
  body: option(
    z.record(z.string(), z.unknown(), MAP),
    'The JSON of the request, with placeholders such as `{{entry}}` in its texts.',
    { otherwise: 'all fields of the alert', example: { text: '{{text}}' } },
  ),
  headers: option(z.record(z.string(), z.string('text'), MAP), 'More headers of the request.', {
    example: { Authorization: 'Bearer …' },
  }),
});

const channelShape = {
  ping: option(
    url().nullable(),
    'A check of healthchecks.io: receives start, success and failure of each run. `{entry}` is the name of the entry.',
    { example: 'https://hc-ping.com/<ping key>/{entry}' },
  ),
  sentry: option(sentry.nullable(), 'Cron check-ins of Sentry.', {
    example: { dsn: 'https://key@o1.ingest.sentry.io/42' },
  }),
  webhook: option(webhook.nullable(), 'A webhook for what goes wrong.', {
    example: { url: 'https://hooks.example.com/beat', on: ['failure'] },
  }),
  lateAfter: option.duration('From which lateness on a run counts as late.', { default: '60s', example: '5m' }),
};

const entryAlerts = mapOf('EntryAlertsConfig', channelShape, {
  description: 'The alerts of one entry. `null` switches a default off.',
});

const heartbeat = mapOf('HeartbeatConfig', {
  url: option(url(), 'Receives a GET while beat works.', {
    otherwise: 'BEAT_HEARTBEAT_URL of the environment',
    example: 'https://hc-ping.com/<uuid>',
  }),
  interval: option.duration('The time between two requests: 10 s or more.', { default: '60s', example: '5m' }),
});

const alerts = mapOf('AlertsConfig', {
  ...channelShape,
  entries: option(z.record(name(), entryAlerts, MAP), 'Alerts of single entries, by name.', {
    example: { payroll: { lateAfter: '5m' } },
  }),
  heartbeat: option(heartbeat, 'A dead-man check of beat itself.', { example: { url: 'https://hc-ping.com/<uuid>' } }),
});

export const alertsShape = {
  alerts: option(alerts, 'Alerts over HTTP; the fields beside `entries` apply to all entries.', {
    example: { webhook: { url: 'https://hooks.example.com/beat' } },
  }),
};

export type AlertsInput = z.output<typeof alerts>;
export type ChannelsInput = z.output<typeof entryAlerts>;
