import type { Lock as Redlocked } from 'redlock';
import Redlock, { ExecutionError, ResourceLockedError } from 'redlock';
import type { Lease, Lock } from '../lock/lock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { Releases } from './releases.ts';

/** Redlock's lock: a key with a random value and a time to live. One try each; nothing by itself. */
export class RedisLock implements Lock {
  readonly #connection: Connection;
  readonly #redlock: Redlock;
  readonly #releases: Releases;
  readonly #keys: Keys;
  readonly #ttl: number;

  constructor(connection: Connection, releases: Releases, keys: Keys, ttl: number) {
    this.#connection = connection;
    this.#redlock = new Redlock([connection.client], { retryCount: 0 });
    this.#releases = releases;
    this.#keys = keys;
    this.#ttl = Math.round(ttl);
  }

  async acquire(): Promise<Lease | null> {
    this.#releases.forget();
    const lock = await this.#try('lock.acquire', () =>
      this.#redlock.acquire([this.#keys.lock], this.#ttl),
    );
    return lock && this.#lease(lock);
  }

  async released(signal: AbortSignal): Promise<void> {
    await this.#releases.wait(signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#releases.close(), this.#connection.close()]);
  }

  #lease(lock: Redlocked): Lease {
    return {
      renew: async () => {
        const extended = await this.#try('lock.renew', () => {
          // Redlock would ask the host's wall clock first, which may have been set: Redis alone knows.
          lock.expiration = Infinity;
          return lock.extend(this.#ttl);
        });
        lock = extended ?? lock;
        return extended !== null;
      },
      release: async () => {
        const released = await this.#try('lock.release', () => lock.release());
        if (!released) return;
        await this.#connection.run('lock.release', (client) =>
          client.publish(this.#keys.released, ''),
        );
      },
    };
  }

  /** `null` when the lock is another's, or nobody's. */
  async #try<T>(operation: string, attempt: () => Promise<T>): Promise<T | null> {
    return this.#connection.run(operation, async () => {
      try {
        return await attempt();
      } catch (error) {
        const against = await votesAgainst(error);
        if (against.every((vote) => vote instanceof ResourceLockedError)) return null;
        throw against.find((vote) => !(vote instanceof ResourceLockedError)) ?? error;
      }
    });
  }
}

/** What stood behind redlock's "no quorum": a lock held by another, or Redis out of reach. */
async function votesAgainst(error: unknown): Promise<unknown[]> {
  if (!(error instanceof ExecutionError)) return [error];
  const attempts = await Promise.all(error.attempts);
  return attempts.flatMap((stats) => [...stats.votesAgainst.values()]);
}
