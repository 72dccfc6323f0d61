import type { Beat } from '../../leader/beat.ts';
import type { Logger } from '../../observe/logger.ts';
import { systemClock as clock } from '../../util/system-clock.ts';

/** How long a stop waits for alerts that are under way. Milliseconds. */
const GRACE = 2_000;

/** Sends the alerts of the configuration. It listens even without alerts, because a reload may add the first. */
export async function sendAlerts(beat: Beat, log: Logger): Promise<{ close(): Promise<void> }> {
  const { queueAlerts } = await import('../../observe/alerts/alerts.ts');
  const { openDelivery } = await import('../../observe/alerts/delivery.ts');
  const delivery = openDelivery(fetch, clock, log);
  const sendHeartbeats = queueAlerts(beat, { settings: () => beat.settings, delivery, clock });
  const stop = new AbortController();
  const running = sendHeartbeats(stop.signal);
  return {
    async close() {
      stop.abort();
      await running;
      await delivery.close(GRACE);
    },
  };
}
