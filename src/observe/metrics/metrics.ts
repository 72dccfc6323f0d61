import type { OutboxEvent } from '../../contracts/events/beat-events.ts';
import type { EventSource } from '../../contracts/events/events.ts';
import type { RunCause } from '../../celery/message/run.ts';
import { COUNT_LIMIT } from '../../schedule/range.ts';
import type { Clock } from '../../util/clock.ts';
import type { Liveness } from '../liveness.ts';
import { CAUSES, STATES } from './definitions.ts';
import { MetricRegistry } from './registry.ts';

interface MetricsOptions {
  readonly clock: Clock;
  readonly liveness: Liveness;
  /** Returns the settings in force. */
  readonly settings: () => MeteredSettings;
  readonly version: string;
}

/** A page in the text format of Prometheus. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
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

/** Counts the events of one instance, and renders them for Prometheus. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #registry = new MetricRegistry();
  readonly #entries: EntryLabels;
  #term: TermMetrics | null = null;
  #reloadedAt: number;
  #outbox: OutboxEvent = { waiting: 0, oldest: null };

  constructor(events: EventSource, options: MetricsOptions) {
    this.#options = options;
    this.#reloadedAt = options.clock.now();
    this.#entries = new EntryLabels(this.#registry, options.settings());
    this.#registry.set('beat_build_info', 1, { version: options.version });
    this.#registry.set('beat_clock_skew_seconds', null);
    this.#countRuns(events);
    this.#countOutcomes(events);
    this.#countTerms(events);
    this.#countReloads(events);
    this.#countOther(events);
  }

  /** Renders all metrics as they are now. */
  async render(): Promise<MetricsPage> {
    const { clock, liveness } = this.#options;
    const registry = this.#registry;
    const term = this.#term;
    registry.set('beat_leader', term === null ? 0 : 1);
    registry.set('beat_term', term?.token ?? null);
    registry.set('beat_lock_age_seconds', term && seconds(clock.monotonic() - term.renewedAt));
    const wakeAt = term?.wakeAt ?? null;
    registry.set('beat_next_due_timestamp_seconds', wakeAt === null ? null : seconds(wakeAt));
    registry.set('beat_entries', term?.entries ?? null);
    registry.set('beat_blocked_entries', liveness.blockedEntries.length);
    registry.set('beat_loop_idle_seconds', seconds(liveness.idleMs));
    const { reloadError } = liveness;
    registry.set('beat_config_last_reload_successful', reloadError === null ? 1 : 0);
    registry.set('beat_config_last_reload_success_timestamp_seconds', seconds(this.#reloadedAt));
    // Only the leader shows the outbox, because all instances share it.
    const { waiting, oldest } = term ? this.#outbox : { waiting: 0, oldest: null };
    const waitsFor = oldest === null ? 0 : Math.max(0, clock.now() - oldest);
    registry.set('beat_outbox_messages', waiting);
    registry.set('beat_outbox_oldest_age_seconds', seconds(waitsFor));
    return registry.render();
  }

  #countRuns(events: EventSource): void {
    const { clock } = this.#options;
    const registry = this.#registry;
    const counter = registry.counter('beat_runs_published_total');
    const published = new Map(CAUSES.map((cause) => [cause, counter.labels({ cause })]));
    const lateness = registry.histogram('beat_run_lateness_seconds').labels({});
    const skipped = registry.counter('beat_occurrences_skipped_total');
    const delivered = registry.counter('beat_outbox_delivered_total');
    // Runs of commands are left out: they are due when the command was sent, or long ago.
    const observeLateness = (cause: RunCause, ms: number) => {
      const isScheduled = cause === 'schedule' || cause === 'catch-up';
      if (isScheduled) lateness.observe(seconds(Math.max(0, ms)));
    };
    events.on('sent', ({ entry, cause, dueAt, sentAt }) => {
      published.get(cause)!.inc();
      observeLateness(cause, sentAt - dueAt);
      this.#entries.published(entry, sentAt);
    });
    events.on('delivered', ({ cause, dueAt }) => {
      delivered.inc();
      observeLateness(cause, clock.now() - dueAt);
    });
    events.on('skipped', ({ entry, reason, count }) => {
      skipped.inc({ reason }, count ?? COUNT_LIMIT);
      this.#entries.skipped(entry, count ?? COUNT_LIMIT);
    });
  }

  #countOutcomes(events: EventSource): void {
    const outcomes = this.#registry.counter('beat_outcomes_total');
    const runtime = this.#registry.histogram('beat_task_runtime_seconds').labels({});
    events.on('outcome', ({ entry, state: given, runtimeMs }) => {
      const state = STATES.find((known) => known === given) ?? 'other';
      outcomes.inc({ state });
      if (runtimeMs !== null) runtime.observe(seconds(runtimeMs));
      this.#entries.ended(entry, state);
    });
  }

  #countTerms(events: EventSource): void {
    const { clock } = this.#options;
    const terms = this.#registry.counter('beat_terms_total');
    const ticks = this.#registry.counter('beat_ticks_total');
    events.on('leading', ({ term: token }) => {
      terms.inc();
      this.#term = { token, renewedAt: clock.monotonic(), wakeAt: null, entries: null };
    });
    events.on('renewed', () => {
      if (this.#term) this.#term.renewedAt = clock.monotonic();
    });
    events.on('scheduling', ({ entries }) => {
      if (this.#term) this.#term.entries = entries;
    });
    events.on('tick', ({ wakeAt }) => {
      ticks.inc();
      if (this.#term) this.#term.wakeAt = wakeAt;
    });
    const endTerm = () => void (this.#term = null);
    events.on('following', endTerm);
    events.on('stopped', endTerm);
  }

  #countReloads(events: EventSource): void {
    const { clock, settings } = this.#options;
    const reloads = this.#registry.counter('beat_reloads_total');
    events.on('reloaded', ({ entries }) => {
      reloads.inc({ outcome: 'success' });
      this.#reloadedAt = clock.now();
      if (this.#term) this.#term.entries = entries;
      this.#entries.replace(settings());
    });
    events.on('reload-failed', () => reloads.inc({ outcome: 'failure' }));
  }

  #countOther(events: EventSource): void {
    const { clock } = this.#options;
    const registry = this.#registry;
    const failures = registry.counter('beat_failures_total');
    const commands = registry.counter('beat_commands_total');
    const latency = registry.histogram('beat_command_latency_seconds');
    events.on('failure', ({ operation: { kind } }) => failures.inc({ operation: kind }));
    events.on('command', ({ do: name, at, status }) => {
      commands.inc({ command: name ?? 'unknown', status });
      if (at !== null && status === 'applied') {
        latency.observe(seconds(Math.max(0, clock.now() - at)));
      }
    });
    events.on('outbox', (outbox) => {
      this.#outbox = outbox;
    });
    events.on('skew', ({ ms }) => registry.set('beat_clock_skew_seconds', seconds(ms)));
    events.on('warning', ({ kind, message }) => {
      registry.set('beat_warning', message === null ? 0 : 1, { kind });
    });
  }
}

function seconds(ms: number): number {
  return ms / 1_000;
}

/** The part of the configuration that metrics show. */
export interface MeteredSettings {
  readonly entries: readonly { readonly name: string }[];
  /** `perEntry`: how many entries have samples of their own. */
  readonly metrics: { readonly perEntry: number };
}

/** The label of all entries without samples of their own. */
const OTHER = 'other';

/**
 * Samples by entry, for the first `metrics.perEntry` entries of the configuration; all others share one label, so
 * that the number of time series is bounded.
 */
class EntryLabels {
  readonly #registry: MetricRegistry;
  #named = new Set<string>();
  #isEnabled = false;

  constructor(registry: MetricRegistry, settings: MeteredSettings) {
    this.#registry = registry;
    this.replace(settings);
  }

  /** Removes the samples of entries that have lost their label. */
  replace({ entries, metrics: { perEntry } }: MeteredSettings): void {
    const named = new Set(entries.slice(0, perEntry).map(({ name }) => name));
    for (const name of this.#named.difference(named)) this.#registry.removeEntry(name);
    this.#named = named;
    this.#isEnabled = perEntry > 0;
  }

  /** `at` is in epoch milliseconds. */
  published(entry: string, at: number): void {
    if (!this.#isEnabled) return;
    const labels = this.#labels(entry);
    this.#registry.counter('beat_entry_runs_published_total').inc(labels);
    this.#registry.set('beat_entry_last_published_timestamp_seconds', at / 1_000, labels);
  }

  skipped(entry: string, count: number): void {
    if (!this.#isEnabled) return;
    this.#registry.counter('beat_entry_occurrences_skipped_total').inc(this.#labels(entry), count);
  }

  ended(entry: string, state: string): void {
    if (!this.#isEnabled) return;
    const labels = { ...this.#labels(entry), state };
    this.#registry.counter('beat_entry_outcomes_total').inc(labels);
  }

  #labels(entry: string): { readonly entry: string } {
    return { entry: this.#named.has(entry) ? entry : OTHER };
  }
}
