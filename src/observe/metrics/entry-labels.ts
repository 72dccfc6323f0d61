import type { MetricRegistry } from './registry.ts';

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
export class EntryLabels {
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
