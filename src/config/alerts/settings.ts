import type { ALERT_KINDS } from './schema.ts';

export type AlertKind = (typeof ALERT_KINDS)[number];

/** The alerts of the configuration, complete. Durations are in milliseconds. */
export interface AlertSettings {
  readonly defaults: EntryAlerts;
  /** By the name of the entry; stored entries have alerts here too. */
  readonly entries: ReadonlyMap<string, EntryAlerts>;
  /** `null` for none. */
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

/** What environment variables set. */
export interface AlertOverrides {
  readonly heartbeatUrl?: string | undefined;
  readonly sentryDsn?: string | undefined;
  readonly webhookSecret?: string | undefined;
}
