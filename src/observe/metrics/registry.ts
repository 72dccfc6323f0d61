import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { METRICS, STATES, type MetricDefinition, type MetricName } from './definitions.ts';

/** The names of the metrics of a type. */
type Named<T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

/** The metrics of `definitions.ts` and those of the process, as prom-client stores them. */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();

  constructor() {
    for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
      const { type, help, labels = {}, buckets = [] } = definition;
      const labelNames = Object.keys(labels);
      const common = { name, help, labelNames, registers: [this.#registry] };
      const initial = Object.entries(labels).flatMap(([label, values]) => values.map((value) => ({ [label]: value })));
      if (type === 'histogram') {
        this.#histograms.set(name, new Histogram({ ...common, buckets: [...buckets] }));
      } else if (type === 'counter') {
        const counter = new Counter(common);
        this.#counters.set(name, counter);
        for (const each of initial) counter.inc(each, 0);
      } else {
        const gauge = new Gauge(common);
        this.#gauges.set(name, gauge);
        for (const each of initial) gauge.set(each, 0);
      }
    }
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
  }

  counter(name: Named<'counter'>): Counter {
    return this.#counters.get(name)!;
  }

  histogram(name: Named<'histogram'>): Histogram {
    return this.#histograms.get(name)!;
  }

  /** Sets a gauge; `null` removes its sample. */
  set(name: Named<'gauge'>, value: number | null, labels: Readonly<Record<string, string>> = {}): void {
    const gauge = this.#gauges.get(name)!;
    if (value === null) gauge.remove(labels);
    else gauge.set(labels, value);
  }

  /** Removes the samples of an entry. */
  removeEntry(entry: string): void {
    for (const [name, metric] of [...this.#counters, ...this.#gauges]) {
      if (name === 'beat_entry_outcomes_total') {
        for (const state of STATES) metric.remove({ entry, state });
      } else if (name.startsWith('beat_entry_')) {
        metric.remove({ entry });
      }
    }
  }

  async render(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
