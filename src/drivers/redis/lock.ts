import type { Lock as Redlocked } from 'redlock';
import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import type { Keys } from './keys.ts';
import type { Quorum } from './quorum.ts';
import type { Notifications } from './connection/notifications.ts';

/** How often a vote without a majority is repeated, and the longest pause between two rounds in milliseconds. */
const ROUNDS = 5;
const MAX_PAUSE = 50;

export interface RedisLockOptions {
  readonly quorum: Quorum;
  readonly releases: Notifications;
  readonly keys: Keys;
  /** Milliseconds. */
  readonly ttl: number;
  readonly clock: Clock;
}

/**
 * Redlock's lock: a key with a random value and a time to live on a majority of servers. The class has no
 * timers: it acts only when it is called.
 */
export class RedisLock implements Lock {
  readonly #options: RedisLockOptions;
  readonly #ttl: number;

  constructor(options: RedisLockOptions) {
    this.#options = options;
    this.#ttl = Math.round(options.ttl);
  }

  async acquire(): Promise<Lease | null> {
    const { quorum, releases, keys, clock } = this.#options;
    releases.reset();
    for (let round = 1; ; round++) {
      const lock = await quorum.vote('lock.acquire', (redlock) => redlock.acquire([keys.lock], this.#ttl));
      if (typeof lock !== 'string') return this.#lease(lock);
      if (lock === 'rejected' || round === ROUNDS) return null;
      // Two instances split the votes: after random pauses one of them gets the majority.
      await clock.sleep(Math.random() * MAX_PAUSE, new AbortController().signal);
    }
  }

  async waitForRelease(signal: AbortSignal): Promise<void> {
    await this.#options.releases.wait(signal);
  }

  async close(): Promise<void> {
    const { quorum, releases } = this.#options;
    await Promise.all([releases, ...quorum.servers].map((each) => each.close()));
  }

  #lease(lock: Redlocked): Lease {
    const { quorum } = this.#options;
    let held = true;
    return {
      renew: async () => {
        const extended = await quorum.vote('lock.renew', (redlock) => {
          // Redlock would check the host's clock first, which may be wrong: only Redis knows the expiry.
          lock.expiration = Infinity;
          return redlock.extend(lock, this.#ttl);
        });
        if (typeof extended === 'string') return false;
        lock = extended;
        void this.#restore(extended, () => held && lock === extended);
        return true;
      },
      release: async () => {
        held = false;
        const released = await quorum.vote('lock.release', (redlock) => redlock.release(lock));
        if (released !== 'rejected') await this.#notifyFollowers();
      },
    };
  }

  /**
   * Sets a renewed lock again on servers that lost it, or were unreachable when it was acquired. Otherwise the
   * failure of one more server could end the majority. Never rejects.
   */
  async #restore(lock: Redlocked, isCurrent: () => boolean): Promise<void> {
    const { quorum, keys } = this.#options;
    for (const server of await quorum.findRejecting(lock)) {
      if (!isCurrent()) return;
      const set = server.client.set(keys.lock, lock.value, 'PX', this.#ttl, 'NX');
      await set.catch(() => {});
    }
  }

  /** Notifies the followers. They subscribe on every server, so one successful publish is enough. */
  async #notifyFollowers(): Promise<void> {
    const { quorum, keys } = this.#options;
    const published = quorum.servers.map((server) =>
      server.run('lock.release', (client) => client.publish(keys.released, '')),
    );
    await Promise.any(published).catch(() => published[0]);
  }
}
