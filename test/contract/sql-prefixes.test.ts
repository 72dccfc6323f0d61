import { describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import { makeFirstRun } from '../support/change.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import { storeOptions } from './test-store.ts';

describe.each(SQL_PRODUCTS)('$name key prefixes', ({ name, missing, start }) => {
  test.skipIf(missing)(`${name}: locks, terms, states and outboxes of two key prefixes are independent`, async () => {
    await using server = await start();
    const [one, two] = ['one', 'two'].map((keyPrefix) => openSqlStore(storeOptions(server.url(), { keyPrefix }))) as [
      ReturnType<typeof openSqlStore>,
      ReturnType<typeof openSqlStore>,
    ];
    const lease = (await one.lock.acquire())!;
    const other = (await two.lock.acquire())!;
    await other.release();
    expect(await lease.renew()).toBe(true);
    expect(await one.lock.acquire()).toBeNull();

    const token = await one.ledger.beginTerm();
    const otherToken = await two.ledger.beginTerm();
    const change = makeFirstRun('a');
    const first = { token, changes: [change] };
    const second = { token: otherToken, changes: [change] };
    expect(await one.ledger.append(first)).toMatchObject({ kind: 'committed' });
    expect((await two.ledger.load()).size).toBe(0);
    expect(await two.ledger.pending(10, '')).toEqual([]);
    expect(await two.ledger.append(second)).toMatchObject({ kind: 'committed' });

    const [message] = await two.ledger.pending(10, '');
    expect(await two.ledger.remove(otherToken, [message!.id])).toBe(true);
    expect(await two.ledger.removeState(otherToken, 'a')).toBe(true);
    expect(await one.ledger.pending(10, '')).toHaveLength(1);
    expect([...(await one.ledger.load()).keys()]).toEqual(['a']);
    expect(await two.ledger.append(second)).toMatchObject({ kind: 'committed' });
    await two.ledger.remove(otherToken, [message!.id]);
    expect(await two.ledger.append(second)).toEqual({ kind: 'committed', pending: [] });

    expect(await one.ledger.beginTerm()).toBeGreaterThan(token);
    expect(await two.ledger.remove(otherToken, [])).toBe(true);
    await Promise.all([one.close(), two.close()]);
  });
});
