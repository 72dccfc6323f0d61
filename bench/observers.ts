import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { queueAlerts } from '../src/observe/alerts/alerts.ts';
import { openDelivery } from '../src/observe/alerts/delivery.ts';
import { LineOutput } from '../src/cli/service/line-output.ts';
import { createMetrics } from '../src/metrics.ts';
import { logEvents } from '../src/observe/log-events.ts';
import { createLogger } from '../src/observe/logger.ts';
import type { BurstBeat } from './burst-beat.ts';

/** Attaches to an instance what `beat start` attaches. */
export type Observer = (of: BurstBeat) => void;

const log = createLogger({ level: 'info', destination: new LineOutput(openSync(devNull, 'w')) });

export const writeLog: Observer = ({ beat, clock }) => {
  logEvents(beat, log, clock);
};

export const countMetrics: Observer = ({ beat, clock }) => {
  createMetrics(beat, clock);
};

/** Sends the alerts of the configuration to endpoints that answer after the burst. */
export const sendAlerts: Observer = ({ beat, clock }) => {
  const fetch = () => new Promise<never>(() => {});
  const delivery = openDelivery(fetch, clock, log);
  queueAlerts(beat, { settings: () => beat.settings, delivery, clock });
};
