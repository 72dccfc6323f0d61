import type { Consumer, Delivery } from '../../contracts/broker/consumer.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { Clock } from '../../util/clock.ts';

/** How often an idle consumer polls: kombu's producers send no notifications. Milliseconds. */
const POLL_INTERVAL = 200;

/** How often the consumer searches for messages of dead consumers. Milliseconds. */
const RESTORE_INTERVAL = 10_000;

/** How long a delivery belongs to its consumer without a renewal. Milliseconds. */
export const LEASE = 60_000;

/** How often the leases are renewed. Milliseconds. */
const RENEW_INTERVAL = 10_000;

/** A message that belongs to this consumer until it is acknowledged or requeued, or its lease expires. */
export interface TakenMessage<Id> {
  readonly id: Id;
  readonly queue: string;
  /** `null` if it is not a message of kombu. */
  readonly message: ReceivedMessage | null;
}

/** The queues of a broker that sends no messages by itself and does not notice the death of a consumer. */
export interface PolledQueues<Id> {
  /** Takes the next message; `null` if there is none. A driver that waits for one ends the wait when the signal aborts. */
  take(signal: AbortSignal): Promise<TakenMessage<Id> | null>;
  /** Resolves with `false` if the lease of the message has expired. */
  ack(id: Id): Promise<boolean>;
  /** Returns a message to its queue, unless its lease has expired. */
  requeue(id: Id): Promise<void>;
  renew(open: readonly Id[]): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Polls queues, renews the leases of its deliveries, and restores the messages of consumers that died. */
export function createPollingConsumer<Id>(queues: PolledQueues<Id>, clock: Clock): Consumer {
  const open = new Set<Id>();
  const closed = new AbortController();
  let renewing: Promise<void> | null = null;
  /** On the monotonic clock. */
  let restoreAt = -Infinity;

  const renewLeases = async () => {
    for (;;) {
      await clock.sleep(RENEW_INTERVAL, closed.signal);
      if (closed.signal.aborted) return;
      // The lease outlasts several failed renewals; `receive` and `ack` report an unreachable broker.
      if (open.size > 0) await queues.renew([...open]).catch(() => {});
    }
  };
  const restore = async () => {
    const now = clock.monotonic();
    if (now < restoreAt) return;
    await queues.restore();
    restoreAt = now + RESTORE_INTERVAL;
  };
  const deliver = ({ id, queue, message }: TakenMessage<Id>): Delivery => {
    open.add(id);
    renewing ??= renewLeases();
    return {
      queue,
      message,
      ack: async () => {
        const removed = await queues.ack(id);
        open.delete(id);
        return removed;
      },
      // It takes one message at a time.
      suspend: async () => {},
      resume: async () => {},
      requeue: async () => {
        await queues.requeue(id);
        open.delete(id);
      },
    };
  };

  return {
    async receive(signal) {
      while (!signal.aborted) {
        await restore();
        const taken = await queues.take(signal);
        if (taken) return deliver(taken);
        await clock.sleep(POLL_INTERVAL, signal);
      }
      return null;
    },
    cancel: async () => {},
    async close() {
      closed.abort();
      await renewing;
      await queues.close();
    },
  };
}
