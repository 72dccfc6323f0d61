import type { Lock as Redlocked } from 'redlock';
import Redlock, { ExecutionError, ResourceLockedError } from 'redlock';
import { StoreError } from '../errors.ts';
import type { Lease, Lock } from '../lock/lock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { Releases } from './releases.ts';

/**
 * Renews a lock.
 *
 * KEYS[1]  lock
 * ARGV[1]  the holder's value
 * ARGV[2]  its time to live, milliseconds
 * returns  1, or 0 when the lock is not the holder's
 *
 * Redlock's own writes the value anew, which a Redis whose memory is full refuses: that a leader cannot
 * send is no reason for another to try.
 */
const EXTEND = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

/**
 * Redlock's lock: on most of an odd number of independent servers (one, as a rule, which is most of one)
 * a key with a random value and a time to live. One try each; nothing by itself.
 *
 * A minority that is gone or silent changes nothing: the majority's answer is not held up by it.
 */
export class RedisLock implements Lock {
  readonly #servers: readonly Connection[];
  readonly #releases: Releases;
  readonly #keys: Keys;
  readonly #ttl: number;

  constructor(servers: readonly Connection[], releases: Releases, keys: Keys, ttl: number) {
    this.#servers = servers;
    this.#releases = releases;
    this.#keys = keys;
    this.#ttl = Math.round(ttl);
  }

  async acquire(): Promise<Lease | null> {
    this.#releases.forget();
    const lock = await this.#ask('lock.acquire', (redlock) =>
      redlock.acquire([this.#keys.lock], this.#ttl),
    );
    return lock && this.#lease(lock);
  }

  async released(signal: AbortSignal): Promise<void> {
    await this.#releases.wait(signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#releases, ...this.#servers].map((each) => each.close()));
  }

  #lease(lock: Redlocked): Lease {
    return {
      renew: async () => {
        const extended = await this.#ask('lock.renew', (redlock) => {
          // Redlock would ask the host's wall clock first, which may have been set: Redis alone knows.
          lock.expiration = Infinity;
          return redlock.extend(lock, this.#ttl);
        });
        lock = extended ?? lock;
        return extended !== null;
      },
      release: async () => {
        const released = await this.#ask('lock.release', (redlock) => redlock.release(lock));
        if (released) await this.#tell();
      },
    };
  }

  /** Tells the followers, who listen at every server: one that hears it is enough. */
  async #tell(): Promise<void> {
    const told = this.#servers.map((server) =>
      server.run('lock.release', (client) => client.publish(this.#keys.released, '')),
    );
    await Promise.any(told).catch(() => told[0]);
  }

  /**
   * One attempt. `null` when the lock is another's, or nobody's: most servers answered, and not most of
   * them for us. Rejects when too few answered for that to be known.
   */
  async #ask<T>(operation: string, attempt: (redlock: Redlock) => Promise<T>): Promise<T | null> {
    const clients = this.#servers.map(({ client }) => client);
    const majority = Math.floor(clients.length / 2) + 1;
    // One per attempt, so that what it says against is about this attempt.
    const redlock = new Redlock(clients, { retryCount: 0 }, { extendScript: EXTEND });
    const against: Error[] = [];
    redlock.on('error', (error: Error) => against.push(error));
    try {
      return await attempt(redlock);
    } catch (error) {
      // The very first are the attempt's own; after them come those of redlock's tidying up.
      if (against.length > 0 && against.slice(0, majority).every(isRefusal)) return null;
      const failed = await failedVotes(error);
      if (clients.length - failed.size >= majority) return null;
      throw this.#failure(operation, failed);
    }
  }

  #failure(operation: string, failed: ReadonlyMap<unknown, Error>): StoreError {
    const reasons = this.#servers.flatMap((server) => {
      const error = failed.get(server.client);
      return error ? [server.explain(error)] : [];
    });
    const texts = reasons.map(({ text }) => text).join('; ');
    const few = this.#servers.length > 1 ? 'too few of the lock’s servers answer: ' : '';
    return new StoreError(`${operation}: ${few}${texts}`, { cause: reasons[0]?.cause });
  }
}

function isRefusal(error: Error): boolean {
  return error instanceof ResourceLockedError;
}

/** The servers that did not answer, or could not do it, and why; once all have voted or timed out. */
async function failedVotes(error: unknown): Promise<Map<unknown, Error>> {
  if (!(error instanceof ExecutionError)) throw error;
  const attempts = await Promise.all(error.attempts);
  const votes = attempts.flatMap((stats) => [...stats.votesAgainst]);
  return new Map(votes.filter(([, vote]) => !isRefusal(vote)));
}
