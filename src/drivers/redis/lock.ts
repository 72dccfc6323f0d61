import type { Lock as Redlocked } from 'redlock';
import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../store/lock.ts';
import type { Keys } from './keys.ts';
import type { Quorum } from './quorum.ts';
import type { Notifications } from './notifications.ts';

/** Rounds of a vote without a majority, and the longest pause between two in milliseconds. */
const ROUNDS = 5;
const LONGEST_PAUSE = 50;

export interface RedisLockOptions {
  readonly quorum: Quorum;
  readonly releases: Notifications;
  readonly keys: Keys;
  /** Milliseconds. */
  readonly ttl: number;
  readonly clock: Clock;
}

/**
 * Redlock's lock: on most of the quorum's servers a key with a random value and a time to live. A try
 * waits for nothing but answers; nothing happens by itself.
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
    releases.forget();
    for (let round = 1; ; round++) {
      const lock = await quorum.ask('lock.acquire', (redlock) =>
        redlock.acquire([keys.lock], this.#ttl),
      );
      if (typeof lock !== 'string') return this.#lease(lock);
      if (lock === 'refused' || round === ROUNDS) return null;
      // Two instances divided the votes: after random pauses one of them gets the majority.
      await clock.sleep(Math.random() * LONGEST_PAUSE, new AbortController().signal);
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
        const extended = await quorum.ask('lock.renew', (redlock) => {
          // Redlock would ask the host's wall clock first, which may have been set: Redis alone knows.
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
        const released = await quorum.ask('lock.release', (redlock) => redlock.release(lock));
        if (released !== 'refused') await this.#tell();
      },
    };
  }

  /**
   * Puts a lock that most servers have renewed back where it is missing: on a server that was away when
   * it was won, or that forgot it. Else the next to go would take the majority along. Never rejects.
   */
  async #restore(lock: Redlocked, current: () => boolean): Promise<void> {
    const { quorum, keys } = this.#options;
    for (const server of await quorum.refusing(lock)) {
      if (!current()) return;
      const set = server.client.set(keys.lock, lock.value, 'PX', this.#ttl, 'NX');
      await set.catch(() => {});
    }
  }

  /** Notifies the followers, which subscribe at every server: one server is enough. */
  async #tell(): Promise<void> {
    const { quorum, keys } = this.#options;
    const told = quorum.servers.map((server) =>
      server.run('lock.release', (client) => client.publish(keys.released, '')),
    );
    await Promise.any(told).catch(() => told[0]);
  }
}
