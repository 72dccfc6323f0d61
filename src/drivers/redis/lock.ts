import type { Lock as Redlocked } from 'redlock';
import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import type { Keys } from './keys.ts';
import type { Quorum } from './quorum.ts';
import type { Notifications } from './connection/notifications.ts';

/** How often a vote without a majority is repeated, and the longest pause between two rounds in milliseconds. */
const ROUNDS = 5;
const MAX_PAUSE = 50;

/** Redlock's lock: a key with a random value and a time to live on a majority of servers. It has no timers. */
export function redisLock(quorum: Quorum, releases: Notifications, keys: Keys, lockTtl: number, clock: Clock): Lock {
  const ttl = Math.round(lockTtl);

  /**
   * Sets a renewed lock again on servers that lost it, or were unreachable when it was acquired. Otherwise the
   * failure of one more server could end the majority. Never rejects.
   */
  const restore = async (lock: Redlocked, isCurrent: () => boolean): Promise<void> => {
    for (const server of await quorum.findRejecting(lock)) {
      if (!isCurrent()) return;
      await server.client.set(keys.lock, lock.value, 'PX', ttl, 'NX').catch(() => {});
    }
  };

  /** Notifies the followers. They subscribe on every server, so one successful publish is enough. */
  const notifyFollowers = async (): Promise<void> => {
    const published = quorum.servers.map((server) =>
      server.run('lock.release', (client) => client.publish(keys.released, '')),
    );
    await Promise.any(published).catch(() => published[0]);
  };

  const createLease = (lock: Redlocked): Lease => {
    let held = true;
    return {
      renew: async () => {
        const extended = await quorum.vote('lock.renew', (redlock) => {
          // Redlock would check the host's clock first, which may be wrong: only Redis knows the expiry.
          lock.expiration = Infinity;
          return redlock.extend(lock, ttl);
        });
        if (typeof extended === 'string') return false;
        lock = extended;
        void restore(extended, () => held && lock === extended);
        return true;
      },
      release: async () => {
        held = false;
        const released = await quorum.vote('lock.release', (redlock) => redlock.release(lock));
        if (released !== 'rejected') await notifyFollowers();
      },
    };
  };

  return {
    async acquire() {
      releases.reset();
      for (let round = 1; ; round++) {
        const lock = await quorum.vote('lock.acquire', (redlock) => redlock.acquire([keys.lock], ttl));
        if (typeof lock !== 'string') return createLease(lock);
        if (lock === 'rejected' || round === ROUNDS) return null;
        // Two instances split the votes: after random pauses one of them gets the majority.
        await clock.sleep(Math.random() * MAX_PAUSE, new AbortController().signal);
      }
    },
    waitForRelease: (signal) => releases.wait(signal),
    async close() {
      await Promise.all([releases, ...quorum.servers].map((each) => each.close()));
    },
  };
}
