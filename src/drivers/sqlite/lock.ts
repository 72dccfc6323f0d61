import { randomUUID } from 'node:crypto';
import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import type { Database, OpenFile } from './database.ts';
import { READ_LOCK, RELEASE_LOCK, RENEW_LOCK, ACQUIRE_LOCK } from './statements.ts';

/** How often a follower polls the lock. Milliseconds. */
const POLL_INTERVAL = 50;

/**
 * A lock in a row with a token and an expiry. All instances that share the file run on one host with one wall
 * clock. If that clock is set back, the expiry is too far in the future. Therefore a row has also expired if it
 * did not change for its TTL on the follower's monotonic clock.
 */
export class SqliteLock implements Lock {
  readonly #db: Database;
  readonly #prefix: string;
  readonly #ttl: number;
  readonly #clock: Clock;
  /** The row as last read, and when it was first read with this content (monotonic clock). */
  #seen: { readonly token: string; readonly expiresAt: number; readonly since: number } | null =
    null;

  constructor(db: Database, prefix: string, ttl: number, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.#ttl = ttl;
    this.#clock = clock;
  }

  async acquire(): Promise<Lease | null> {
    // Followers poll often: first read, which needs no write lock.
    if (!(await this.#db.read('lock.acquire', (db) => this.#isFree(db), this.#ttl))) return null;
    const token = randomUUID();
    const acquired = await this.#db.write(
      'lock.acquire',
      (db) => {
        if (!this.#isFree(db)) return false;
        db.sql(ACQUIRE_LOCK).run(this.#prefix, token, this.#clock.now() + this.#ttl, this.#ttl);
        return true;
      },
      this.#ttl,
    );
    return acquired ? this.#lease(token) : null;
  }

  async waitForRelease(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(POLL_INTERVAL, signal);
      try {
        if (await this.#db.read('lock.waitForRelease', (db) => this.#isFree(db), 0)) return;
      } catch {
        // The next `acquire` reports the error.
      }
    }
  }

  async close(): Promise<void> {}

  #isFree(db: OpenFile): boolean {
    const row = db.sql(READ_LOCK).get(this.#prefix) as LockRow | undefined;
    if (!row || row.expiresAt <= this.#clock.now()) return true;
    const { token, expiresAt } = row;
    if (token !== this.#seen?.token || expiresAt !== this.#seen.expiresAt) {
      this.#seen = { token, expiresAt, since: this.#clock.monotonic() };
    }
    return this.#clock.monotonic() - this.#seen.since >= row.ttl;
  }

  #lease(token: string): Lease {
    return {
      renew: () =>
        this.#db.write(
          'lock.renew',
          (db) => {
            const now = this.#clock.now();
            const { changes } = db.sql(RENEW_LOCK).run(now + this.#ttl, this.#prefix, token, now);
            return changes === 1;
          },
          this.#ttl,
        ),
      release: async () => {
        await this.#db.write('lock.release', (db) => db.sql(RELEASE_LOCK).run(this.#prefix, token));
      },
    };
  }
}

interface LockRow {
  readonly token: string;
  readonly expiresAt: number;
  readonly ttl: number;
}
