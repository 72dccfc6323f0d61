import type { Clock } from '../../util/clock.ts';
import type { Mailbox } from '../../contracts/broker/mailbox.ts';
import { decodeEnvelope, MAX_BROADCAST } from '../../celery/kombu/envelope.ts';

/** How often broadcasts are read. Milliseconds. */
const POLL_INTERVAL = 1_000;

/** How long a broadcast is retained: for as long as Celery's workers remember a revoked task. Milliseconds. */
export const BROADCAST_RETENTION = 3 * 3_600_000;

/** How long a broadcast's transaction may take: its row appears with a time before the last read. Milliseconds. */
const MAX_DELAY = 10_000;

/** A message of kombu to every node of an exchange. */
export interface Broadcast {
  readonly id: string;
  readonly payload: string;
}

/** The broadcasts in a database, which has no fanout exchanges. */
export interface BroadcastLog {
  /** The broadcasts of the last `maxAge` milliseconds, in any order. */
  read(exchange: string, maxAge: number): Promise<readonly Broadcast[]>;
  close(): Promise<void>;
}

/** A mailbox for workers of beat: Celery's do not read the log. It begins with all retained broadcasts. */
export function createPollingMailbox(log: BroadcastLog, exchange: string, clock: Clock): Mailbox {
  return {
    async serve({ receive, connected, signal }) {
      let seen = new Set<string>();
      let readAt = -Infinity;
      while (!signal.aborted) {
        const now = clock.monotonic();
        const maxAge = Math.min(now - readAt + MAX_DELAY, BROADCAST_RETENTION);
        const broadcasts = await log.read(exchange, Math.ceil(maxAge));
        if (readAt === -Infinity) connected();
        readAt = now;
        for (const { id, payload } of broadcasts) {
          const request = seen.has(id) ? null : decodeEnvelope(payload, MAX_BROADCAST);
          if (request) receive(request);
        }
        seen = new Set(broadcasts.map(({ id }) => id));
        await clock.sleep(POLL_INTERVAL, signal);
      }
    },
    close: () => log.close(),
  };
}
