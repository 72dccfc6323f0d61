import type { Clock } from '../clock.ts';
import type { Lease, Lock } from '../lock/lock.ts';

/** What all locks of one place share: who holds it, until when, and who waits to hear of it. */
export interface LockState {
  holder: Lease | null;
  /** On the monotonic clock. */
  until: number;
  readonly waiting: Set<() => void>;
}

export function newLockState(): LockState {
  return { holder: null, until: 0, waiting: new Set() };
}

export class MemoryLock implements Lock {
  readonly #state: LockState;
  readonly #ttl: number;
  readonly #clock: Clock;

  constructor(state: LockState, ttl: number, clock: Clock) {
    this.#state = state;
    this.#ttl = ttl;
    this.#clock = clock;
  }

  async acquire(): Promise<Lease | null> {
    if (!this.#free()) return null;
    const lease: Lease = {
      renew: async () => {
        if (!this.#holds(lease)) return false;
        this.#extend();
        return true;
      },
      release: async () => {
        if (!this.#holds(lease)) return;
        this.#state.holder = null;
        for (const wake of [...this.#state.waiting]) wake();
      },
    };
    this.#state.holder = lease;
    this.#extend();
    return lease;
  }

  async released(signal: AbortSignal): Promise<void> {
    // Whoever let go between a failed try and this call is heard of too.
    if (signal.aborted || this.#free()) return;
    const { promise, resolve: wake } = Promise.withResolvers<void>();
    this.#state.waiting.add(wake);
    signal.addEventListener('abort', () => wake(), { once: true });
    await promise;
    this.#state.waiting.delete(wake);
  }

  async close(): Promise<void> {}

  #holds(lease: Lease): boolean {
    return this.#state.holder === lease && !this.#free();
  }

  #free(): boolean {
    return this.#state.holder === null || this.#state.until <= this.#clock.monotonic();
  }

  #extend(): void {
    this.#state.until = this.#clock.monotonic() + this.#ttl;
  }
}
