import type { MissedPolicy } from '../catalog/entry.ts';
import type { BrokersConfig } from './define/brokers.ts';
import type { EncodingConfig } from './define/encoding.ts';
import type { EntryConfig } from './define/entry.ts';
import type { ResultsConfig } from './define/results.ts';
import type { EventsConfig } from './define/events.ts';
import type { RoutingConfig } from './define/routing.ts';
import type { Duration } from './define/times.ts';

/**
 * What users write. `snake_case` and Celery's old upper-case names are read the same way; top-level
 * keys that begin with `x-` are left alone (a place for YAML anchors).
 */
export interface BeatConfig
  extends BrokersConfig, EncodingConfig, EventsConfig, RoutingConfig, ResultsConfig {
  /** Read by editors alone. */
  $schema?: string | undefined;
  /** IANA name: the zone of every entry that names none. Default UTC. */
  timezone?: string | undefined;
  /** Celery's switch: `false`, with no `timezone`, means the zone of the host. Default `true`. */
  enableUtc?: boolean | undefined;
  /** Name → entry. */
  beatSchedule?: Record<string, EntryConfig> | undefined;
  lock?: LockConfig | undefined;
  /** Before every name under which beat keeps state. Default `beat`. */
  keyPrefix?: string | undefined;
  /** For every entry that has no `missed` of its own. Default `once`. */
  missed?: MissedPolicy | undefined;
  /** For every entry that has none of its own. Default 1000. */
  missedCap?: number | undefined;
  /** For every entry that has none of its own; Celery's `beat_cron_starting_deadline`. Default: no limit. */
  startingDeadline?: Duration | null | undefined;
}

export interface LockConfig {
  /** How long a leader that says nothing keeps the lock: 1 s to 1 day. Default 8 s. */
  ttl?: Duration | undefined;
}

/** Types a configuration for the editor; returns it as it is. */
export function defineConfig(config: BeatConfig): BeatConfig {
  return config;
}
