import type { SentinelLogin } from '../../broker/connection-settings.ts';
import type { SslConfig } from './brokers.ts';
import type { Duration } from './times.ts';

/** Where workers keep what tasks return. beat writes there only what a chord needs. */
export interface ResultsConfig {
  /** As the workers have it: `redis://localhost/1`, `db+postgresql://…`, `rpc://`. Default: none. */
  resultBackend?: string | undefined;
  /**
   * How long results are kept. Default one day; `null` or 0: for ever. Where the backend does not forget
   * them by itself, beat sends `celery.backend_cleanup` every night, as Celery's beat does.
   */
  resultExpires?: Duration | null | undefined;
  /** As `brokerUseSsl`, for a backend in Redis: chords are announced there. */
  redisBackendUseSsl?: boolean | SslConfig | undefined;
  resultBackendTransportOptions?: ResultTransportConfig | undefined;
}

/** Celery's `result_backend_transport_options`. */
export interface ResultTransportConfig {
  /** Before every key; `_` is put after it unless it ends in one of `: _ - .`. */
  globalKeyprefix?: string | undefined;
  /** Sentinel: the name of the master. */
  masterName?: string | undefined;
  /** Sentinel: how to log in to the sentinels themselves. */
  sentinelKwargs?: SentinelLogin | undefined;
  minOtherSentinels?: unknown;
  /** Whether a chord's results come in the order of its tasks. Default `true`. */
  resultChordOrdered?: boolean | undefined;
  /** Workers alone have use for these. */
  retryPolicy?: Readonly<Record<string, unknown>> | undefined;
  visibilityTimeout?: unknown;
}
