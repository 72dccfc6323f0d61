import { didYouMean } from '../../util/did-you-mean.ts';
import { alert } from './alert.ts';
import type { Report, Path } from '../validate.ts';
import { parseDuration } from '../values/option.ts';
import { ALERT_KINDS, type AlertsInput, type ChannelsInput } from './schema.ts';

const LATE_AFTER = 60_000;
const HEARTBEAT_INTERVAL = 60_000;
const SHORTEST_HEARTBEAT = 10_000;

interface Context {
  readonly overrides: AlertOverrides;
  readonly path: readonly string[];
  readonly report: Report;
}

/** Completes valid alerts with defaults. `null` if none are configured. */
export function readAlerts(
  given: AlertsInput | undefined,
  overrides: AlertOverrides,
  report: Report,
): AlertSettings | null {
  const heartbeat = readHeartbeat(given?.heartbeat, overrides.heartbeatUrl, report);
  if (given === undefined && heartbeat === null) return null;
  const { entries = {}, ...input } = given ?? {};
  const defaults = readChannels(input, NO_ALERTS, { overrides, path: ['alerts'], report });
  const own = Object.entries(entries).map(([name, channels]) => {
    const path = ['alerts', 'entries', name];
    return [name, readChannels(channels, defaults, { overrides, path, report })] as const;
  });
  return { defaults, entries: new Map(own), heartbeat };
}

/** Warns of alerts for unknown entries, whose names may be misspelled. */
export function warnOfUnknownEntries(alerts: AlertSettings | null, names: readonly string[], warn: Report): void {
  const known = new Set(names);
  for (const name of alerts?.entries.keys() ?? []) {
    if (known.has(name)) continue;
    const hint = didYouMean(name, names);
    warn(['alerts', 'entries', name], `no entry of the configuration has this name${hint}`);
  }
}

const NO_ALERTS: EntryAlerts = { ping: null, sentry: null, webhook: null, lateAfter: LATE_AFTER };

function readChannels(given: ChannelsInput, defaults: EntryAlerts, context: Context): EntryAlerts {
  const { ping, sentry, webhook, lateAfter } = given;
  if (ping) checkUrl(ping, 'ping', context);
  return {
    ping: ping === undefined ? defaults.ping : ping,
    sentry: sentry === undefined ? defaults.sentry : sentry && readSentry(sentry, context),
    webhook: webhook === undefined ? defaults.webhook : webhook && readWebhook(webhook, context),
    lateAfter: lateAfter === undefined ? defaults.lateAfter : parseDuration(lateAfter)!,
  };
}

function readSentry(
  { dsn: given, slug = '{entry}', environment = 'production' }: NonNullable<ChannelsInput['sentry']>,
  context: Context,
): SentrySettings {
  const dsn = given ?? context.overrides.sentryDsn ?? '';
  const where = [...context.path, 'sentry', 'dsn'];
  if (dsn === '') context.report(where, 'missing; set it, BEAT_SENTRY_DSN or SENTRY_DSN');
  else if (!isDsn(dsn)) context.report(where, `expected https://KEY@HOST/PROJECT, ${NOT_SHOWN}`);
  return { dsn, slug, environment };
}

function readWebhook(given: NonNullable<ChannelsInput['webhook']>, context: Context): WebhookSettings {
  const { url, secret, on = ALERT_KINDS, body = null, headers = {} } = given;
  checkUrl(url, 'webhook.url', context);
  if (body) checkBody(body, [...context.path, 'webhook', 'body'], context.report);
  return { url, secret: secret ?? context.overrides.webhookSecret ?? null, on, body, headers };
}

function readHeartbeat(
  given: AlertsInput['heartbeat'],
  override: string | undefined,
  report: Report,
): AlertSettings['heartbeat'] {
  const url = given?.url ?? override;
  if (given === undefined && url === undefined) return null;
  const path = ['alerts', 'heartbeat'];
  if (url === undefined) report([...path, 'url'], 'missing; set it or BEAT_HEARTBEAT_URL');
  else checkUrl(url, 'url', { path, report });
  const interval = given?.interval === undefined ? HEARTBEAT_INTERVAL : parseDuration(given.interval)!;
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

export type AlertKind = (typeof ALERT_KINDS)[number];

/** The alerts of the configuration, complete. Durations are in milliseconds. */
export interface AlertSettings {
  readonly defaults: EntryAlerts;
  /** By the name of the entry; stored entries have alerts here too. */
  readonly entries: ReadonlyMap<string, EntryAlerts>;
  readonly heartbeat: { readonly url: string; readonly interval: number } | null;
}

/** The alerts of an entry. A channel is `null` if it is off. */
export interface EntryAlerts {
  /** With `{entry}` for the name of the entry. */
  readonly ping: string | null;
  readonly sentry: SentrySettings | null;
  readonly webhook: WebhookSettings | null;
  readonly lateAfter: number;
}

export interface SentrySettings {
  readonly dsn: string;
  /** With `{entry}` for the name of the entry. */
  readonly slug: string;
  readonly environment: string;
}

export interface WebhookSettings {
  readonly url: string;
  /** `null` for requests without a signature. */
  readonly secret: string | null;
  readonly on: readonly AlertKind[];
  /** `null` for all fields of the alert. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface AlertOverrides {
  readonly heartbeatUrl?: string | undefined;
  readonly sentryDsn?: string | undefined;
  readonly webhookSecret?: string | undefined;
}

const ALERT_FIELDS: readonly string[] = Object.keys(alert.shape);

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** Reports placeholders that are not fields of an alert. */
function checkBody(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') {
    for (const [written, name = ''] of value.matchAll(PLACEHOLDER)) {
      if (ALERT_FIELDS.includes(name)) continue;
      const hint = didYouMean(name, ALERT_FIELDS) || `; allowed: ${ALERT_FIELDS.join(', ')}`;
      report(path, `unknown placeholder "${written}"${hint}`);
    }
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkBody(item, [...path, i], report);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkBody(item, [...path, key], report);
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
