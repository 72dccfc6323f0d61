import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import { Condition } from '../../util/condition.ts';

/** The state that all locks on one store share. `until` is on the monotonic clock. */
export interface LockState {
  holder: Lease | null;
  until: number;
  readonly followers: Condition;
}

export function newLockState(): LockState {
  return { holder: null, until: 0, followers: new Condition() };
}

export function memoryLock(state: LockState, ttl: number, clock: Clock): Lock {
  const isFree = () => state.holder === null || state.until <= clock.monotonic();
  const holds = (lease: Lease) => state.holder === lease && !isFree();
  const extend = () => {
    state.until = clock.monotonic() + ttl;
  };
  return {
    async acquire() {
      if (!isFree()) return null;
      const lease: Lease = {
        renew: async () => {
          if (!holds(lease)) return false;
          extend();
          return true;
        },
        release: async () => {
          if (!holds(lease)) return;
          state.holder = null;
          state.followers.notifyAll();
        },
      };
      state.holder = lease;
      extend();
      return lease;
    },
    async waitForRelease(signal) {
      if (!isFree()) await state.followers.wait(signal);
    },
    close: async () => {},
  };
}
