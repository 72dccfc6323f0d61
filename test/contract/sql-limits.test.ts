import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { makeFirstRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import { storeOptions } from './test-store.ts';

describe.each(SQL_PRODUCTS)('$name limits', ({ name, missing, start }) => {
  describe.skipIf(missing)(missing || 'of lengths', () => {
    let server: SqlServer;
    const stores: Pick<Store, 'close'>[] = [];
    beforeAll(async () => {
      server = await start();
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
      await server.empty();
    });
    afterAll(() => server.stop());

    const open = (keyPrefix = 'beat') => {
      const store = openSqlStore(storeOptions(server.url(), { keyPrefix }));
      stores.push(store);
      return store;
    };

    test(`${name}: a message for a queue with a name of 200 characters is published, one of 201 is rejected`, async () => {
      const { broker } = open();
      const [longest, tooLong] = [200, 201].map((length) => makeMessage(`${length}`, { queue: 'ü'.repeat(length) }));
      expect(await broker.publish([longest!, tooLong!])).toMatchObject([
        { message: tooLong, reason: expect.stringContaining('too long') as string },
      ]);
      expect(await server.readPayloads()).toHaveLength(1);
    });

    test.runIf(name === 'mysql')(
      `${name}: an entry with a name of 2,048 bytes is committed, one of 2,049 is rejected`,
      async () => {
        const { ledger } = open();
        const token = await ledger.beginTerm();
        const commit = (length: number) => ledger.commit({ token, changes: [makeFirstRun('e'.repeat(length), 'id')] });
        expect(await commit(2_048)).toEqual({ kind: 'committed' });
        expect(await commit(2_049)).toMatchObject({
          kind: 'store-rejected',
          reason: expect.stringContaining('too long') as string,
        });
        expect([...(await ledger.load()).keys()]).toEqual(['e'.repeat(2_048)]);
      },
    );

    test.runIf(name === 'mysql')(
      `${name}: with a key prefix of 255 bytes lock, ledger and outbox work, with 256 none does`,
      async () => {
        const { lock, ledger } = open('p'.repeat(255));
        expect(await lock.acquire()).not.toBeNull();
        const token = await ledger.beginTerm();
        expect(await ledger.append({ token, changes: [makeFirstRun('a')] })).toMatchObject({ kind: 'committed' });
        expect((await ledger.load()).size).toBe(1);
        const long = open('p'.repeat(256));
        await expect(long.lock.acquire()).rejects.toThrow('too long');
        await expect(long.ledger.beginTerm()).rejects.toThrow('too long');
      },
    );
  });
});
