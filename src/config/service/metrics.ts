import { z } from 'zod';
import { named, option, type ShapeOutput } from '../values/option.ts';
import { MAP, whole } from '../values/scalars.ts';

const MOST_ENTRIES = 1_000;

const metrics = named(
  z.strictObject(
    {
      perEntry: option(
        whole(0, MOST_ENTRIES, `a whole number from 0 to ${MOST_ENTRIES}`),
        'How many entries have time series of their own: the first ones of the configuration. All others share the label `other`.',
        { default: 0, example: 50 },
      ),
    },
    MAP,
  ),
  'MetricsConfig',
);

/** The metrics at `/metrics`. */
export const metricsShape = {
  metrics: option(metrics, 'The metrics for Prometheus.', { example: { perEntry: 50 } }),
};

export interface MetricsSettings {
  /** How many entries have time series of their own. */
  readonly perEntry: number;
}

export function readMetrics({ metrics }: ShapeOutput<typeof metricsShape>): MetricsSettings {
  return { perEntry: metrics?.perEntry ?? 0 };
}
