import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import { Condition } from '../../util/condition.ts';

/** The state that all locks on one store share. */
export interface LockState {
  holder: Lease | null;
  /** On the monotonic clock. */
  until: number;
  readonly followers: Condition;
}

export function newLockState(): LockState {
  return { holder: null, until: 0, followers: new Condition() };
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
        this.#state.followers.notifyAll();
      },
    };
    this.#state.holder = lease;
    this.#extend();
    return lease;
  }

  async waitForRelease(signal: AbortSignal): Promise<void> {
    if (!this.#free()) await this.#state.followers.wait(signal);
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
