import type { Events } from '../../contracts/events/events.ts';
import type { Lease } from '../../contracts/store/lock.ts';
import type { Clock } from '../../util/clock.ts';
import { waitAtMost } from '../../util/wait.ts';

export interface LeaseRenewalOptions {
  readonly clock: Clock;
  readonly events: Events;
  /** The lock's time to live, in milliseconds. */
  readonly ttl: number;
}

/**
 * Renews a lease every third of the TTL, and tracks until when the lease can be trusted. Trust counts from the
 * start of a successful request, because the store may have extended the lock any time before it answered.
 */
export class LeaseRenewal {
  readonly #lease: Lease;
  readonly #options: LeaseRenewalOptions;
  readonly #ended = new AbortController();
  /** On the monotonic clock. */
  #trustedUntil: number;

  /** `acquiredAt` is when the lock was requested, on the monotonic clock. */
  constructor(lease: Lease, acquiredAt: number, options: LeaseRenewalOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#trustedUntil = this.#trustFrom(acquiredAt);
  }

  /** Aborts, with the reason as a text, when the lease is lost, can no longer be trusted, or was ended. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether this instance still holds the lock. Reads the clock, so it changes before the signal aborts. */
  get trusted(): boolean {
    return !this.signal.aborted && this.#options.clock.monotonic() < this.#trustedUntil;
  }

  end(): void {
    this.#ended.abort('ended');
  }

  /** Resolves when the signal has aborted. Never rejects. */
  async run(): Promise<void> {
    const { clock, events, ttl } = this.#options;
    const interval = ttl / 3;
    const retryInterval = ttl / 32;
    let wait = interval;
    for (;;) {
      await clock.sleep(Math.min(wait, this.#trustedUntil - clock.monotonic()), this.signal);
      if (this.signal.aborted) return;
      const startedAt = clock.monotonic();
      if (startedAt >= this.#trustedUntil) {
        this.#ended.abort('the lock could not be renewed in time');
        return;
      }
      const result = await this.#renew(this.#trustedUntil - startedAt);
      if (result === 'lost') {
        this.#ended.abort('the lock was lost');
        return;
      }
      if (result === 'renewed') {
        this.#trustedUntil = this.#trustFrom(startedAt);
        const trustedForMs = Math.round(this.#trustedUntil - clock.monotonic());
        events.emit('renewed', { trustedForMs });
      }
      wait = result === 'renewed' ? interval : retryInterval;
    }
  }

  /** Renews once. `unknown` if the renewal failed or was not answered within `timeout` milliseconds. */
  async #renew(timeout: number): Promise<'renewed' | 'lost' | 'unknown'> {
    const { clock, events } = this.#options;
    const operation = { kind: 'lock', action: 'renew' } as const;
    let result: 'renewed' | 'lost' | 'unknown' = 'unknown';
    const renewing = this.#lease.renew().then(
      (isHeld) => {
        events.reportRecovery(operation);
        result = isHeld ? 'renewed' : 'lost';
      },
      (error: unknown) => events.reportFailure(operation, error),
    );
    await waitAtMost(clock, timeout, this.signal, () => renewing);
    return result;
  }

  /** A tenth of the TTL allows for clocks that run at different speeds. */
  #trustFrom(startedAt: number): number {
    const { ttl } = this.#options;
    return startedAt + ttl - ttl / 10;
  }
}
