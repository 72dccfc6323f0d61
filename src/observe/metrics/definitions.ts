import type { RunCause } from '../../celery/message/run.ts';
import { SKIP_REASONS } from '../../celery/message/skip-reasons.ts';
import { RESOLVED } from '../log-events.ts';
import { SCHEDULER_OPERATIONS } from '../operation-text.ts';

/** A metric of beat, named as Prometheus recommends. docs/metrics.md is generated from these: `npm run docs`. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /**
   * The labels with their values. Samples of these values are 0 before the first event, because `increase` of
   * Prometheus needs that; a label with too many values lists none.
   */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** The upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

/** States of outcomes; all others have the label `other`. */
export const STATES = ['SUCCESS', 'FAILURE', 'REVOKED', 'LOST', 'other'] as const;

export const CAUSES = Object.keys({ schedule: true, 'catch-up': true, manual: true, backfill: true } satisfies Record<
  RunCause,
  true
>) as readonly RunCause[];

const LATENESS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600];
const RUNTIME = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 10_800, 43_200];
const LATENCY = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

const counter = (help: string, labels: MetricDefinition['labels'] = {}) => ({ type: 'counter', help, labels }) as const;
const gauge = (help: string, labels: MetricDefinition['labels'] = {}) => ({ type: 'gauge', help, labels }) as const;
const histogram = (help: string, buckets: readonly number[]) => ({ type: 'histogram', help, buckets }) as const;

export const METRICS = {
  beat_build_info: gauge('Always 1; the label has the version of beat. `nodejs_version_info` has that of Node.', {
    version: [],
  }),
  beat_leader: gauge('1 while this instance leads, else 0.'),
  beat_term: gauge('The fencing token of the term that this instance leads; absent while it follows.'),
  beat_terms_total: counter('Terms of leadership that this instance began.'),
  beat_lock_age_seconds: gauge('Time since the leader acquired or last renewed the lock; absent while it follows.'),
  beat_loop_idle_seconds: gauge('Time since the loop of this instance last made progress; it is stuck from 60 on.'),
  beat_ticks_total: counter('Ticks that finished.'),
  beat_next_due_timestamp_seconds: gauge(
    'When the next tick is due; in the past if it is overdue, +Inf for never, absent while this instance follows.',
  ),
  beat_entries: gauge(
    'Enabled entries of the configuration when the term began or was reloaded; absent while this instance follows.',
  ),
  beat_blocked_entries: gauge('Entries that do not run because their stored state is unreadable.'),
  beat_runs_published_total: counter('Runs that were published, by cause.', { cause: CAUSES }),
  beat_run_lateness_seconds: histogram(
    'How much later than due runs were published that are due by schedule.',
    LATENESS,
  ),
  beat_occurrences_skipped_total: counter('Occurrences that will never run, by reason.', {
    reason: Object.keys(SKIP_REASONS),
  }),
  beat_outcomes_total: counter(
    'Outcomes of runs, by state; only with a result backend that beat can read, or task events.',
    { state: STATES },
  ),
  beat_task_runtime_seconds: histogram('How long tasks ran; needs task events, but for shell commands.', RUNTIME),
  beat_failures_total: counter('Failed attempts, by operation; each is tried again.', {
    operation: SCHEDULER_OPERATIONS,
  }),
  beat_outbox_messages: gauge('Messages that wait in the outbox because the broker rejects them.'),
  beat_outbox_oldest_age_seconds: gauge(
    'Time since the oldest message that waits in the outbox was due; 0 if none waits.',
  ),
  beat_outbox_delivered_total: counter('Messages that were delayed in the outbox and have been published.'),
  beat_commands_total: counter('Commands by name and by what became of them: applied or rejected.', {
    command: [],
    status: [],
  }),
  beat_command_latency_seconds: histogram(
    'Time from the sending of a command, by the clock of its sender, until it was applied.',
    LATENCY,
  ),
  beat_reloads_total: counter('Reloads of the configuration, by outcome: success or failure.', {
    outcome: ['success', 'failure'],
  }),
  beat_config_last_reload_successful: gauge(
    '1 if the configuration in force is that of the last reload, 0 if that failed.',
  ),
  beat_config_last_reload_success_timestamp_seconds: gauge('When the configuration in force was read.'),
  beat_clock_skew_seconds: gauge(
    "How far this host's clock is ahead of the store's; absent until the leader has measured it.",
  ),
  beat_warning: gauge("1 while a condition endangers beat's guarantees, by kind, else 0.", {
    kind: Object.keys(RESOLVED),
  }),
  beat_entry_runs_published_total: counter('Runs that were published, by entry; only with metrics.perEntry.', {
    entry: [],
  }),
  beat_entry_occurrences_skipped_total: counter(
    'Occurrences that will never run, by entry; only with metrics.perEntry.',
    { entry: [] },
  ),
  beat_entry_outcomes_total: counter('Outcomes of runs, by entry and state; only with metrics.perEntry.', {
    entry: [],
    state: [],
  }),
  beat_entry_last_published_timestamp_seconds: gauge(
    'When the last run was published, by entry; only with metrics.perEntry.',
    { entry: [] },
  ),
} satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
