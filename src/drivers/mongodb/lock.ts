import { randomUUID } from 'node:crypto';
import type { Lease, Lock } from '../../contracts/store/lock.ts';
import type { Clock } from '../../util/clock.ts';
import { ignoreDuplicates, type Keyed, type MongoConnection } from './connection.ts';

/** How often followers try to acquire the lock: a server alone sends no notifications. Milliseconds. */
const POLL_INTERVAL = 500;

interface LockDocument extends Keyed<'lock'> {
  readonly holder: string;
  /** The server's time at which it expires. */
  readonly until: Date;
}

/**
 * The lock is a document with the server's time at which it expires. beat reads that time before each step: the lock
 * is therefore never taken early, and a lease is a few milliseconds shorter than its TTL.
 */
export function mongoLock(connection: MongoConnection, collection: string, ttl: number, clock: Clock): Lock {
  const lock = connection.collection<LockDocument>(collection);

  const createLease = (holder: string): Lease => ({
    renew: () =>
      connection.run('lock.renew', async () => {
        const now = await connection.readTime();
        const held = { _id: 'lock', holder, until: { $gt: new Date(now) } } as const;
        const { matchedCount } = await lock.updateOne(held, { $set: { until: new Date(now + ttl) } });
        return matchedCount === 1;
      }),
    release: () =>
      connection.run('lock.release', async () => {
        await lock.deleteOne({ _id: 'lock', holder });
      }),
  });

  return {
    acquire: () =>
      connection.run('lock.acquire', async () => {
        const now = await connection.readTime();
        const holder = randomUUID();
        const expired = { _id: 'lock', until: { $lte: new Date(now) } } as const;
        const taken = { $set: { holder, until: new Date(now + ttl) } };
        // If another instance holds the lock, the upsert fails with a duplicate key.
        const result = await lock.updateOne(expired, taken, { upsert: true }).catch(ignoreDuplicates);
        return result ? createLease(holder) : null;
      }),
    waitForRelease: (signal) => clock.sleep(POLL_INTERVAL, signal),
    close: () => connection.close(),
  };
}
