import { randomUUID } from 'node:crypto';
import type { Clock } from '../../util/clock.ts';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import type { Database } from './database.ts';
import type { Topic } from './notifications.ts';
import type { SqlRow } from './dialect.ts';
import type { LockRow, Statements } from './statements.ts';

/** How often a follower polls the lock if the server has no notifications. Milliseconds. */
const POLL_INTERVAL = 50;

export interface SqlLockOptions {
  readonly db: Database;
  readonly sql: Statements;
  /** `null` if the server has no notifications. */
  readonly releases: Topic | null;
  readonly prefix: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly clock: Clock;
}

/**
 * A lock in a row that has a token and an expiry by the server's clock. If that clock is set back, the expiry is too
 * far in the future. So a lock has also expired if its row did not change for the TTL on the follower's monotonic
 * clock.
 */
export class SqlLock implements Lock {
  readonly #options: SqlLockOptions;
  readonly #ttl: number;
  /** The row as last read, and since when (monotonic clock) it has not changed. */
  #seen: { readonly token: string; readonly expiresAt: number; readonly since: number } | null = null;

  constructor(options: SqlLockOptions) {
    this.#options = options;
    this.#ttl = Math.round(options.ttl);
  }

  async acquire(): Promise<Lease | null> {
    const { db, sql, prefix, releases } = this.#options;
    releases?.reset();
    // Followers poll often, and reading takes no write lock.
    const seen = await this.#read('lock.acquire');
    if (seen && !seen.expired) return null;
    const token = randomUUID();
    const take = seen ? sql.takeOverLock(prefix, token, this.#ttl, seen) : sql.takeFreeLock(prefix, token, this.#ttl);
    return (await db.write('lock.acquire', take)) === 1 ? this.#lease(token) : null;
  }

  async waitForRelease(signal: AbortSignal): Promise<void> {
    const { releases, clock } = this.#options;
    if (releases) return releases.wait(signal);
    while (!signal.aborted) {
      await clock.sleep(POLL_INTERVAL, signal);
      try {
        const seen = await this.#read('lock.waitForRelease');
        if (!seen || seen.expired) return;
      } catch {
        // The next `acquire` reports the error.
      }
    }
  }

  async close(): Promise<void> {
    await this.#options.db.close();
  }

  /** Reads the row of the lock, and whether the lock has expired; `null` if there is no row. */
  async #read(operation: string): Promise<(LockRow & { readonly expired: boolean }) | null> {
    const { db, sql, prefix, clock } = this.#options;
    const [row] = await db.read(operation, sql.readLock(prefix));
    if (!row) return null;
    const { token, expiresAt, ttl, expired } = parseLockRow(row);
    const now = clock.monotonic();
    if (token !== this.#seen?.token || expiresAt !== this.#seen.expiresAt) {
      this.#seen = { token, expiresAt, since: now };
    }
    return { token, expiresAt, expired: expired || now - this.#seen.since >= ttl };
  }

  #lease(token: string): Lease {
    const { db, sql, prefix } = this.#options;
    return {
      renew: async () => (await db.write('lock.renew', sql.renewLock(prefix, token, this.#ttl))) === 1,
      release: async () => {
        await db.write('lock.release', sql.releaseLock(prefix, token));
      },
    };
  }
}

function parseLockRow(row: SqlRow) {
  return {
    token: String(row['token']),
    expiresAt: Number(row['expires_at']),
    ttl: Number(row['ttl']),
    expired: Boolean(row['is_expired']),
  };
}
