import { countEvents, type Metrics } from '../observe/metrics/metrics.ts';
import type { Clock } from '../util/clock.ts';
import { systemClock } from '../util/system-clock.ts';
import { VERSION } from '../util/version.ts';
import type { Beat } from './beat.ts';

/** Counts the events of an instance from now on. `clock` is the clock of the instance. */
export function createMetrics(beat: Beat, clock: Clock = systemClock): Metrics {
  return countEvents(beat, { clock, liveness: beat.liveness, version: VERSION, settings: () => beat.settings });
}
