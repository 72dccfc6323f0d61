import { z } from 'zod';
import { didYouMean } from '../../util/did-you-mean.ts';
import { alert, ALERT_KINDS, type AlertFunction } from '../../contracts/events/alert.ts';
import { eachText, type Report, type Path } from '../validate.ts';
import { named, option, required, MAP, name, mapOf, parseDuration, type ShapeOutput } from '../values/option.ts';
import { withoutAbsent } from '../../util/keys.ts';

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

const alertFunction = named(
  z.custom<AlertFunction>((value) => typeof value === 'function', 'a function (in a configuration in code)'),
  'AlertFunction',
  { from: 'contracts/events/alert.ts' },
);

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
  call: option(alertFunction.nullable(), 'A function in code that receives each alert, as the webhook would.'),
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

/** The alerts of the configuration, complete. Durations are in milliseconds. */
export interface AlertSettings {
  readonly defaults: EntryAlerts;
  /** By the name of the entry; stored entries have alerts here too. */
  readonly entries: ReadonlyMap<string, EntryAlerts>;
  readonly heartbeat: { readonly url: string; readonly interval: number } | null;
}

/** The alerts of an entry. A channel is `null` if it is off; `{entry}` in its texts is the name of the entry. */
export interface EntryAlerts {
  readonly ping: string | null;
  readonly sentry: SentrySettings | null;
  readonly webhook: WebhookSettings | null;
  readonly call: AlertFunction | null;
  readonly lateAfter: number;
}

export type SentrySettings = ReturnType<typeof readSentry>;
export type WebhookSettings = ReturnType<typeof readWebhook>;

export interface AlertOverrides {
  readonly heartbeatUrl?: string | undefined;
  readonly sentryDsn?: string | undefined;
  readonly webhookSecret?: string | undefined;
}

interface Context {
  readonly overrides: AlertOverrides;
  readonly path: readonly string[];
  readonly report: Report;
}

const NO_ALERTS: EntryAlerts = { ping: null, sentry: null, webhook: null, call: null, lateAfter: 60_000 };
const HEARTBEAT_INTERVAL = 60_000;
const SHORTEST_HEARTBEAT = 10_000;

/** Completes valid alerts with defaults. `null` if none are configured. */
export function readAlerts(
  { alerts }: ShapeOutput<typeof alertsShape>,
  overrides: AlertOverrides,
  report: Report,
): AlertSettings | null {
  const heartbeat = readHeartbeat(alerts?.heartbeat, overrides.heartbeatUrl, report);
  if (alerts === undefined && heartbeat === null) return null;
  const { entries = {}, ...input } = alerts ?? {};
  const defaults = readChannels(input, NO_ALERTS, { overrides, path: ['alerts'], report });
  const own = Object.entries(entries).map(([name, channels]) => {
    const path = ['alerts', 'entries', name];
    return [name, readChannels(channels, defaults, { overrides, path, report })] as const;
  });
  return { defaults, entries: new Map(own), heartbeat };
}

/** Warns of alerts for unknown entries, whose names may be misspelled. */
export function warnOfUnknownEntries(alerts: AlertSettings | null, names: readonly string[], warn: Report): void {
  if (!alerts || alerts.entries.size === 0) return;
  const known = new Set(names);
  for (const name of alerts.entries.keys()) {
    if (known.has(name)) continue;
    warn(['alerts', 'entries', name], `no entry of the configuration has this name${didYouMean(name, names)}`);
  }
}

function readChannels(given: z.output<typeof entryAlerts>, defaults: EntryAlerts, context: Context): EntryAlerts {
  const { ping, sentry, webhook, call, lateAfter } = given;
  if (ping) checkUrl(ping, 'ping', context);
  const own = {
    ping,
    sentry: sentry && readSentry(sentry, context),
    webhook: webhook && readWebhook(webhook, context),
    call,
    lateAfter: parseDuration(lateAfter) ?? undefined,
  };
  return { ...defaults, ...withoutAbsent(own) };
}

function readSentry(
  { dsn: given, slug = '{entry}', environment = 'production' }: z.output<typeof sentry>,
  context: Context,
) {
  const dsn = given ?? context.overrides.sentryDsn ?? '';
  const where = [...context.path, 'sentry', 'dsn'];
  if (dsn === '') context.report(where, 'missing; set it, BEAT_SENTRY_DSN or SENTRY_DSN');
  else if (!isDsn(dsn)) context.report(where, `expected https://KEY@HOST/PROJECT, ${NOT_SHOWN}`);
  return { dsn, slug, environment };
}

/** `secret` is `null` for requests without a signature, and `body` for all fields of the alert. */
function readWebhook(given: z.output<typeof webhook>, context: Context) {
  const { url, secret, on = ALERT_KINDS, body = null, headers = {} } = given;
  checkUrl(url, 'webhook.url', context);
  eachText(body, [...context.path, 'webhook', 'body'], (text, path) => checkPlaceholders(text, path, context.report));
  return { url, secret: secret ?? context.overrides.webhookSecret ?? null, on, body, headers };
}

function readHeartbeat(given: z.output<typeof heartbeat> | undefined, override: string | undefined, report: Report) {
  const url = given?.url ?? override;
  if (given === undefined && url === undefined) return null;
  const path = ['alerts', 'heartbeat'];
  if (url === undefined) report([...path, 'url'], 'missing; set it or BEAT_HEARTBEAT_URL');
  else checkUrl(url, 'url', { path, report });
  const interval = parseDuration(given?.interval) ?? HEARTBEAT_INTERVAL;
  if (interval < SHORTEST_HEARTBEAT) report([...path, 'interval'], 'expected 10 s or more');
  return url === undefined ? null : { url, interval };
}

const NOT_SHOWN = 'got another text (not shown: it may be a secret)';

function checkUrl(text: string, key: string, { path, report }: Omit<Context, 'overrides'>): void {
  if (/^https?:$/.test(parseUrl(text)?.protocol ?? '')) return;
  report([...path, ...key.split('.')], `expected an http:// or https:// URL, ${NOT_SHOWN}`);
}

function isDsn(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username !== '' && /\/\d+$/.test(url.pathname);
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const ALERT_FIELDS: readonly string[] = Object.keys(alert.shape);

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

function checkPlaceholders(text: string, path: Path, report: Report): void {
  for (const [written, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (ALERT_FIELDS.includes(name)) continue;
    const hint = didYouMean(name, ALERT_FIELDS) || `; allowed: ${ALERT_FIELDS.join(', ')}`;
    report(path, `unknown placeholder "${written}"${hint}`);
  }
}

/** Replaces each placeholder. `null` becomes the empty text, or stays `null` where the placeholder is the whole text. */
export function fillBody(value: unknown, fields: Readonly<Record<string, string | number | null>>): unknown {
  if (typeof value === 'string') {
    const whole = /^\{\{\s*(\w+)\s*\}\}$/.exec(value)?.[1];
    if (whole !== undefined) return fields[whole] ?? null;
    return value.replace(PLACEHOLDER, (_, name: string) => String(fields[name] ?? ''));
  }
  if (Array.isArray(value)) return value.map((item) => fillBody(item, fields));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillBody(item, fields)]));
}
