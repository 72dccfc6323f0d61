/// <reference types="node" preserve="true" />
/**
 * `celery-beat/metrics`: the metrics of an instance for a Prometheus server. `beat start --http` serves them; a program
 * that embeds beat serves them itself.
 */
export { createMetrics } from './leader/metrics.ts';
export type { Metrics, MetricsPage } from './observe/metrics/metrics.ts';
