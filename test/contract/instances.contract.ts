import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Announcement, Instances } from '../../src/contracts/store/instances.ts';
import type { TestStateStore } from './outbox.contract.ts';
import { isReadable } from '../../src/contracts/store/unreadable.ts';

const ANNOUNCEMENT: Announcement = {
  id: 'one',
  host: 'alpha',
  pid: 7,
  version: '1.2.3',
  role: 'follower',
  term: null,
  startedAt: 1_000,
  skewMs: null,
};

/** The contract of `Instances`. */
export function instancesContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`${name} instances`, () => {
    let testStore: TestStateStore;
    let instances: Instances;

    beforeEach(async () => {
      testStore = await openTestStore();
      instances = (await testStore.open()).instances;
    });
    afterEach(() => testStore.close());

    test('are empty at first', async () => {
      expect(await instances.list()).toEqual([]);
    });

    test('are listed as announced, with how long ago they were seen', async () => {
      const announced = { ...ANNOUNCEMENT, host: 'hôte 😀' };
      await instances.announce(announced);
      const [instance] = (await instances.list()).filter(isReadable);
      expect(instance).toMatchObject(announced);
      expect(instance!.seenAgoMs).toBeGreaterThanOrEqual(0);
      expect(instance!.seenAgoMs).toBeLessThan(10_000);
    });

    test('are listed with the leader first, and then by host and start', async () => {
      const others = [
        { id: 'two', host: 'beta', startedAt: 3 },
        { id: 'three', host: 'beta', startedAt: 2 },
        { id: 'four', host: 'gamma', role: 'leader', term: 5 },
      ] as const;
      for (const each of others) await instances.announce({ ...ANNOUNCEMENT, ...each });
      await instances.announce(ANNOUNCEMENT);
      const ids = (await instances.list()).map(({ id }) => id);
      expect(ids).toEqual(['four', 'one', 'three', 'two']);
    });

    test('are followers when another instance leads in a newer term', async () => {
      await instances.announce({ ...ANNOUNCEMENT, id: 'killed', role: 'leader', term: 5 });
      await instances.announce({ ...ANNOUNCEMENT, role: 'leader', term: 9 });
      expect(await instances.list()).toMatchObject([
        { id: 'one', role: 'leader', term: 9 },
        { id: 'killed', role: 'follower', term: null },
      ]);
    });

    test('replace their announcement, and are seen by other clients', async () => {
      await instances.announce(ANNOUNCEMENT);
      await instances.announce({ ...ANNOUNCEMENT, role: 'leader', term: 9, skewMs: -3 });
      const other = (await testStore.open()).instances;
      expect(await other.list()).toMatchObject([{ id: 'one', role: 'leader', term: 9, skewMs: -3 }]);
    });

    test('are gone after they withdraw', async () => {
      await instances.announce(ANNOUNCEMENT);
      await instances.withdraw('one');
      await instances.withdraw('unknown');
      expect(await instances.list()).toEqual([]);
    });

    test('belong to a key prefix', async () => {
      await instances.announce(ANNOUNCEMENT);
      const other = (await testStore.open({ keyPrefix: 'other' })).instances;
      expect(await other.list()).toEqual([]);
    });
  });
}
