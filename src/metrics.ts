/// <reference types="node" preserve="true" />
/**
 * `celery-beat/metrics`: the metrics of an instance for a Prometheus server. `beat start --http` serves them; a program
 * that embeds beat serves them itself.
 */
import { readFileSync } from 'node:fs';
import type { Beat } from './leader/beat.ts';
import { Metrics, type MetricsPage } from './observe/metrics/metrics.ts';
import { systemClock, type Clock } from './util/clock.ts';
import { parseJson } from './util/decode/json.ts';

export type { Metrics, MetricsPage };

/** Counts the events of an instance from now on. `clock` is that of the instance. */
export function createMetrics(beat: Beat, clock: Clock = systemClock): Metrics {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = parseJson(manifest) as { version: string };
  const { liveness } = beat;
  return new Metrics(beat, { clock, liveness, version, settings: () => beat.settings });
}
