import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Lease, Lock } from '../../src/contracts/store/lock.ts';
import type { TestStore } from './test-store.ts';

/** Every sentence of `Lock`, run against one implementation. */
export function lockContract(name: string, openTestStore: () => Promise<TestStore>): void {
  describe(`lock: ${name}`, () => {
    let testStore: TestStore;
    let ours: Lock;
    let theirs: Lock;

    beforeEach(async () => {
      testStore = await openTestStore();
      ours = (await testStore.open()).lock;
      theirs = (await testStore.open()).lock;
    });
    afterEach(() => testStore.close());

    test('only one of two acquires the lock', async () => {
      const leases = await Promise.all([ours.acquire(), theirs.acquire()]);
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
    });

    test('the holder cannot acquire the lock a second time', async () => {
      await held(ours);
      expect(await ours.acquire()).toBeNull();
    });

    test('a renewed lease excludes others', async () => {
      const lease = await held(ours);
      expect(await lease.renew()).toBe(true);
      expect(await lease.renew()).toBe(true);
      expect(await theirs.acquire()).toBeNull();
    });

    test('a released lock can be acquired by another', async () => {
      const lease = await held(ours);
      await lease.release();
      expect(await theirs.acquire()).not.toBeNull();
    });

    test('a released lease cannot be renewed', async () => {
      const lease = await held(ours);
      await lease.release();
      expect(await lease.renew()).toBe(false);
      expect(await theirs.acquire()).not.toBeNull();
    });

    test('a lease can be released twice', async () => {
      const lease = await held(ours);
      await lease.release();
      const newer = await held(theirs);
      await lease.release();
      expect(await newer.renew()).toBe(true);
    });

    test('an expired lease cannot be renewed', async () => {
      const lease = await held(ours);
      await testStore.expireLock();
      expect(await lease.renew()).toBe(false);
    });

    test('an expired lock can be acquired by another, and its old holder cannot renew it', async () => {
      const old = await held(ours);
      await testStore.expireLock();
      const newer = await held(theirs);
      expect(await old.renew()).toBe(false);
      expect(await newer.renew()).toBe(true);
    });

    test('the old holder cannot release a newer lease', async () => {
      const old = await held(ours);
      await testStore.expireLock();
      const newer = await held(theirs);
      await old.release();
      expect(await newer.renew()).toBe(true);
      expect(await ours.acquire()).toBeNull();
    });

    test('a follower is notified of a release', async () => {
      const lease = await held(ours);
      const { signal } = new AbortController();
      const follower = (async () => {
        for (;;) {
          const won = await theirs.acquire();
          if (won) return won;
          await theirs.waitForRelease(signal);
        }
      })();
      await lease.release();
      expect(await (await follower).renew()).toBe(true);
    });

    test('a follower stops waiting when it is aborted', async () => {
      await held(ours);
      const stop = new AbortController();
      const waiting = theirs.waitForRelease(stop.signal);
      stop.abort();
      await expect(waiting).resolves.toBeUndefined();
      await expect(theirs.waitForRelease(stop.signal)).resolves.toBeUndefined();
    });

    test('locks of two key prefixes are independent', async () => {
      const other = (await testStore.open({ keyPrefix: 'other' })).lock;
      await held(ours);
      expect(await other.acquire()).not.toBeNull();
    });
  });
}

async function held(lock: Lock): Promise<Lease> {
  const lease = await lock.acquire();
  if (!lease) throw new Error('the lock is held by another');
  return lease;
}
