import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RunCause } from '../../celery/message/run.ts';
import type { OutboxEvent } from '../../contracts/events/beat-events.ts';
import type { EventSource } from '../../contracts/events/events.ts';
import { COUNT_LIMIT } from '../../schedule/range.ts';
import type { Clock } from '../../util/clock.ts';
import type { Liveness } from '../liveness.ts';
import { CAUSES, METRICS, STATES, type MetricDefinition, type MetricName } from './definitions.ts';

interface MetricsOptions {
  readonly clock: Clock;
  readonly liveness: Liveness;
  readonly settings: () => MeteredSettings;
  readonly version: string;
}

export interface MeteredSettings {
  readonly entries: readonly { readonly name: string }[];
  /** `perEntry`: how many entries have samples of their own. */
  readonly metrics: { readonly perEntry: number };
}

/** A page in the text format of Prometheus. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export interface Metrics {
  render(): Promise<MetricsPage>;
}

/** Values that only a leader has. */
interface TermMetrics {
  readonly token: number;
  /** On the monotonic clock. */
  renewedAt: number;
  /** Epoch milliseconds; `null` until the first tick. */
  wakeAt: number | null;
  entries: number | null;
}

/** Counts the events of one instance from now on, and renders them for Prometheus. */
export function countEvents(events: EventSource, { clock, liveness, settings, version }: MetricsOptions): Metrics {
  const registry = new Registry();
  const metrics = register(registry);
  const countEntry = entryCounter(metrics, settings);
  let term: TermMetrics | null = null;
  let reloadedAt = clock.now();
  let outbox: OutboxEvent = { waiting: 0, oldest: null };
  metrics.beat_build_info.set({ version }, 1);
  set(metrics.beat_clock_skew_seconds, null);

  const published = new Map(CAUSES.map((cause) => [cause, metrics.beat_runs_published_total.labels({ cause })]));
  const lateness = metrics.beat_run_lateness_seconds.labels({});
  // Runs of commands are left out: they are due when the command was sent, or long ago.
  const observeLateness = (cause: RunCause, ms: number) => {
    const isScheduled = cause === 'schedule' || cause === 'catch-up';
    if (isScheduled) lateness.observe(seconds(Math.max(0, ms)));
  };
  events.on('sent', ({ entry, cause, dueAt, sentAt }) => {
    published.get(cause)!.inc();
    observeLateness(cause, sentAt - dueAt);
    countEntry.published(entry, sentAt);
  });
  events.on('delivered', ({ cause, dueAt }) => {
    metrics.beat_outbox_delivered_total.inc();
    observeLateness(cause, clock.now() - dueAt);
  });
  events.on('skipped', ({ entry, reason, count }) => {
    metrics.beat_occurrences_skipped_total.inc({ reason }, count ?? COUNT_LIMIT);
    countEntry.skipped(entry, count ?? COUNT_LIMIT);
  });
  events.on('outcome', ({ entry, state: given, runtimeMs }) => {
    const state = STATES.find((known) => known === given) ?? 'other';
    metrics.beat_outcomes_total.inc({ state });
    if (runtimeMs !== null) metrics.beat_task_runtime_seconds.observe(seconds(runtimeMs));
    countEntry.ended(entry, state);
  });

  events.on('leading', ({ term: token }) => {
    metrics.beat_terms_total.inc();
    term = { token, renewedAt: clock.monotonic(), wakeAt: null, entries: null };
  });
  events.on('renewed', () => {
    if (term) term.renewedAt = clock.monotonic();
  });
  events.on('scheduling', ({ entries }) => {
    if (term) term.entries = entries;
  });
  events.on('tick', ({ wakeAt }) => {
    metrics.beat_ticks_total.inc();
    if (term) term.wakeAt = wakeAt;
  });
  const endTerm = () => void (term = null);
  events.on('following', endTerm);
  events.on('stopped', endTerm);

  events.on('reloaded', ({ entries }) => {
    metrics.beat_reloads_total.inc({ outcome: 'success' });
    reloadedAt = clock.now();
    if (term) term.entries = entries;
    countEntry.replace();
  });
  events.on('reload-failed', () => metrics.beat_reloads_total.inc({ outcome: 'failure' }));
  events.on('failure', ({ operation: { kind } }) => metrics.beat_failures_total.inc({ operation: kind }));
  events.on('command', ({ do: name, at, status }) => {
    metrics.beat_commands_total.inc({ command: name ?? 'unknown', status });
    if (at === null || status !== 'applied') return;
    metrics.beat_command_latency_seconds.observe(seconds(Math.max(0, clock.now() - at)));
  });
  events.on('outbox', (event) => void (outbox = event));
  events.on('skew', ({ ms }) => metrics.beat_clock_skew_seconds.set(seconds(ms)));
  events.on('warning', ({ kind, message }) => metrics.beat_warning.set({ kind }, message === null ? 0 : 1));

  return {
    async render() {
      set(metrics.beat_leader, term === null ? 0 : 1);
      set(metrics.beat_term, term?.token ?? null);
      set(metrics.beat_lock_age_seconds, term && seconds(clock.monotonic() - term.renewedAt));
      const wakeAt = term?.wakeAt ?? null;
      set(metrics.beat_next_due_timestamp_seconds, wakeAt === null ? null : seconds(wakeAt));
      set(metrics.beat_entries, term?.entries ?? null);
      set(metrics.beat_blocked_entries, liveness.blockedEntries.length);
      set(metrics.beat_loop_idle_seconds, seconds(liveness.idleMs));
      set(metrics.beat_config_last_reload_successful, liveness.reloadError === null ? 1 : 0);
      set(metrics.beat_config_last_reload_success_timestamp_seconds, seconds(reloadedAt));
      // Only the leader shows the outbox, because all instances share it.
      const { waiting, oldest } = term ? outbox : { waiting: 0, oldest: null };
      set(metrics.beat_outbox_messages, waiting);
      const waitsFor = oldest === null ? 0 : Math.max(0, clock.now() - oldest);
      set(metrics.beat_outbox_oldest_age_seconds, seconds(waitsFor));
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function seconds(ms: number): number {
  return ms / 1_000;
}

/** Sets a gauge without labels; `null` removes its sample. */
function set(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove({});
  else gauge.set(value);
}

interface Types {
  readonly counter: Counter;
  readonly gauge: Gauge;
  readonly histogram: Histogram;
}

type Registered = { readonly [N in MetricName]: Types[(typeof METRICS)[N]['type']] };

function register(registry: Registry): Registered {
  const create = ([name, definition]: [string, MetricDefinition]) => {
    const { type, help, labels = {}, buckets = [] } = definition;
    const common = { name, help, labelNames: Object.keys(labels), registers: [registry] };
    if (type === 'histogram') return [name, new Histogram({ ...common, buckets: [...buckets] })];
    const metric = type === 'counter' ? new Counter(common) : new Gauge(common);
    for (const [label, values] of Object.entries(labels)) {
      for (const value of values) metric.inc({ [label]: value }, 0);
    }
    return [name, metric];
  };
  const metrics = Object.fromEntries(Object.entries(METRICS).map(create)) as Registered;
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return metrics;
}

/** The label of all entries without samples of their own. */
const OTHER = 'other';

/**
 * Counts by entry, for the first `metrics.perEntry` entries of the configuration; all others share one label, so that
 * the number of time series is bounded.
 */
function entryCounter(metrics: Registered, settings: () => MeteredSettings) {
  const runs = metrics.beat_entry_runs_published_total;
  const skips = metrics.beat_entry_occurrences_skipped_total;
  const outcomes = metrics.beat_entry_outcomes_total;
  const newest = metrics.beat_entry_last_published_timestamp_seconds;
  let named = new Set<string>();
  let isEnabled = false;
  const label = (name: string) => ({ entry: named.has(name) ? name : OTHER });
  const counter = {
    /** Reads the settings in force, and removes the samples of entries that have lost their label. */
    replace(): void {
      const { entries, metrics: limits } = settings();
      const before = named;
      named = new Set(entries.slice(0, limits.perEntry).map(({ name }) => name));
      isEnabled = limits.perEntry > 0;
      for (const entry of before.difference(named)) {
        for (const metric of [runs, skips, newest]) metric.remove({ entry });
        for (const state of STATES) outcomes.remove({ entry, state });
      }
    },
    /** `at` is in epoch milliseconds. */
    published(entry: string, at: number): void {
      if (!isEnabled) return;
      runs.inc(label(entry));
      newest.set(label(entry), seconds(at));
    },
    skipped(entry: string, count: number): void {
      if (isEnabled) skips.inc(label(entry), count);
    },
    ended(entry: string, state: string): void {
      if (isEnabled) outcomes.inc({ ...label(entry), state });
    },
  };
  counter.replace();
  return counter;
}
