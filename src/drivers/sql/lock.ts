import { randomUUID } from 'node:crypto';
import type { Clock } from '../../util/clock.ts';
import type { Lock } from '../../contracts/store/lock.ts';
import type { Database } from './database.ts';
import type { Topic } from './notifications.ts';
import type { LockRow } from './statements.ts';

/** How often a follower polls the lock if the server has no notifications. Milliseconds. */
const POLL_INTERVAL = 50;

/**
 * A lock in a row that has a token and an expiry by the server's clock. If that clock is set back, the expiry is too
 * far in the future. So a lock has also expired if its row did not change for the TTL on the follower's monotonic
 * clock. `lockTtl` is in milliseconds; `releases` is `null` if the server has no notifications.
 */
export function createLock(db: Database, prefix: string, lockTtl: number, releases: Topic | null, clock: Clock): Lock {
  const { sql } = db;
  const ttl = Math.round(lockTtl);
  /** The row as last read, and since when (monotonic clock) it has not changed. */
  let seen: (LockRow & { readonly since: number }) | null = null;

  /** Reads the row of the lock, and whether the lock has expired; `null` if there is no row. */
  const read = async (operation: string): Promise<(LockRow & { readonly hasExpired: boolean }) | null> => {
    const [row] = await db.read(operation, sql.readLock(prefix));
    if (!row) return null;
    const [token, expiresAt] = [String(row['token']), Number(row['expires_at'])];
    const now = clock.monotonic();
    if (token !== seen?.token || expiresAt !== seen.expiresAt) seen = { token, expiresAt, since: now };
    return { token, expiresAt, hasExpired: Boolean(row['is_expired']) || now - seen.since >= Number(row['ttl']) };
  };

  return {
    async acquire() {
      releases?.reset();
      // Followers poll often, and reading takes no write lock.
      const found = await read('lock.acquire');
      if (found && !found.hasExpired) return null;
      const token = randomUUID();
      const take = found ? sql.takeOverLock(prefix, token, ttl, found) : sql.takeFreeLock(prefix, token, ttl);
      if ((await db.write('lock.acquire', take)) !== 1) return null;
      return {
        renew: async () => (await db.write('lock.renew', sql.renewLock(prefix, token, ttl))) === 1,
        release: async () => {
          await db.write('lock.release', sql.releaseLock(prefix, token));
        },
      };
    },
    async waitForRelease(signal) {
      if (releases) return releases.wait(signal);
      while (!signal.aborted) {
        await clock.sleep(POLL_INTERVAL, signal);
        try {
          const found = await read('lock.waitForRelease');
          if (!found || found.hasExpired) return;
        } catch {
          // The next `acquire` reports the error.
        }
      }
    },
    close: () => db.close(),
  };
}
