import type { Consumer, Delivery } from '../../contracts/broker/consumer.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { Clock } from '../../util/clock.ts';

/** How often an idle consumer polls: kombu's producers send no notifications. Milliseconds. */
const POLL_INTERVAL = 200;

/** How often the consumer searches for messages of dead consumers. Milliseconds. */
const RESTORE_INTERVAL = 10_000;

/** A message that belongs to this consumer until it is acknowledged or requeued, or its lease expires. */
export interface TakenMessage<Id> {
  readonly id: Id;
  readonly queue: string;
  /** `null` if it is not a message of kombu. */
  readonly message: ReceivedMessage | null;
}

/** The queues of a broker that sends no messages by itself and does not notice the death of a consumer. */
export interface PolledQueues<Id> {
  /** Takes the next message; `null` if there is none. */
  take(): Promise<TakenMessage<Id> | null>;
  /** Resolves with `false` if the lease of the message has expired. */
  ack(id: Id): Promise<boolean>;
  /** Returns a message to its queue, unless its lease has expired. */
  requeue(id: Id): Promise<void>;
  /** Extends the leases of these messages by `LEASE`. */
  renew(open: readonly Id[]): Promise<void>;
  /** Returns messages whose leases have expired to their queues. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Polls queues, renews the leases of its deliveries, and restores the messages of dead consumers. */
export class PollingConsumer<Id> implements Consumer {
  readonly #queues: PolledQueues<Id>;
  readonly #clock: Clock;
  readonly #leases: LeaseRenewal<Id>;
  /** On the monotonic clock. */
  #restoreAt = -Infinity;

  constructor(queues: PolledQueues<Id>, clock: Clock) {
    this.#queues = queues;
    this.#clock = clock;
    this.#leases = new LeaseRenewal((open) => queues.renew(open), clock);
  }

  async receive(signal: AbortSignal): Promise<Delivery | null> {
    while (!signal.aborted) {
      await this.#restore();
      const taken = await this.#queues.take();
      if (taken) return this.#deliver(taken);
      await this.#clock.sleep(POLL_INTERVAL, signal);
    }
    return null;
  }

  async cancel(): Promise<void> {}

  async close(): Promise<void> {
    await this.#leases.close();
    await this.#queues.close();
  }

  #deliver({ id, queue, message }: TakenMessage<Id>): Delivery {
    this.#leases.add(id);
    return {
      queue,
      message,
      ack: async () => {
        const removed = await this.#queues.ack(id);
        this.#leases.delete(id);
        return removed;
      },
      // It takes one message at a time.
      suspend: async () => {},
      resume: async () => {},
      requeue: async () => {
        await this.#queues.requeue(id);
        this.#leases.delete(id);
      },
    };
  }

  async #restore(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#restoreAt) return;
    await this.#queues.restore();
    this.#restoreAt = now + RESTORE_INTERVAL;
  }
}

/** How long a delivery belongs to its consumer without a renewal. Milliseconds. */
export const LEASE = 60_000;

/** How often the leases are renewed. Milliseconds. */
const INTERVAL = 10_000;

/**
 * Renews the leases of open deliveries, for brokers that do not notice the death of a consumer by themselves: after
 * `LEASE` without a renewal another consumer returns a message to its queue.
 */
class LeaseRenewal<Id> {
  readonly #renew: (open: readonly Id[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #open = new Set<Id>();
  readonly #closed = new AbortController();
  #running: Promise<void> | null = null;

  constructor(renew: (open: readonly Id[]) => Promise<void>, clock: Clock) {
    this.#renew = renew;
    this.#clock = clock;
  }

  add(id: Id): void {
    this.#open.add(id);
    this.#running ??= this.#run();
  }

  delete(id: Id): void {
    this.#open.delete(id);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (;;) {
      await this.#clock.sleep(INTERVAL, signal);
      if (signal.aborted) return;
      // The lease outlasts several failed renewals; `receive` and `ack` report an unreachable broker.
      if (this.#open.size > 0) await this.#renew([...this.#open]).catch(() => {});
    }
  }
}
