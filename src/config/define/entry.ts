import type { MissedPolicy } from '../../catalog/entry.ts';
import type { Lazy } from '../../message/lazy.ts';
import type { ScheduleConfig } from './schedules.ts';
import type { SignatureConfig, SignatureOptions } from './signatures.ts';
import type { Duration } from './times.ts';

/** One row of `beatSchedule`. */
export interface EntryConfig {
  /** The registered name of the Celery task; or a signature, alone or in a chain, a group or a chord. */
  task: SignatureConfig;
  schedule: ScheduleConfig;
  /** Those of a signature come after them. Texts in it may hold templates such as `{{dueAt - 1d | yyyy-MM-dd}}`. */
  args?: readonly unknown[] | Lazy<readonly unknown[]> | undefined;
  kwargs?: Readonly<Record<string, unknown>> | Lazy<Readonly<Record<string, unknown>>> | undefined;
  /** Of a chain they concern its first task, of a group each, of a chord header and body, as in Celery. */
  options?: SignatureOptions | undefined;
  /** The same as `options.expires`. */
  expires?: SignatureOptions['expires'];
  /** What the entry is for: shown in `beat list --json`. */
  description?: string | undefined;
  /** Puts an interval's grid on round instants, as in Celery. Intervals only. */
  relative?: boolean | undefined;
  /** Default `true`. */
  enabled?: boolean | undefined;
  /** IANA name: the zone of the schedule, and of instants written without an offset. */
  timezone?: string | undefined;
  /** What to do about occurrences whose time passed unsent. */
  missed?: MissedPolicy | undefined;
  /** With `missed: 'all'`, the most runs that are made up for at once: the newest. */
  missedCap?: number | undefined;
  /** How long after its time an occurrence is still sent. `null`: however late. */
  startingDeadline?: Duration | null | undefined;
}
