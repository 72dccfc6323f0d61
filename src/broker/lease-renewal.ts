import type { Clock } from '../util/clock.ts';

/** How long a delivery belongs to its consumer without a renewal. Milliseconds. */
export const LEASE = 60_000;

/** How often the leases are renewed. Milliseconds. */
const INTERVAL = 10_000;

/**
 * Renews the leases of open deliveries, for brokers that do not notice the death of a consumer by themselves: after
 * `LEASE` without a renewal another consumer returns a message to its queue.
 */
export class LeaseRenewal<Id> {
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
