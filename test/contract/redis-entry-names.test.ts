import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { NEW_STATE } from '../support/change.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis: the index of stored entries by name', () => {
  let server: RedisServer;
  let store: StateStore;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.flush();
    store = openRedisStore({ ...storeOptions(server.url()), clock: systemClock });
  });
  afterEach(() => store.close());
  afterAll(() => server.stop());

  const find = (prefix = '') => store.entries.findByPrefix(prefix, { limit: 10_000 });
  const complete = (token: number) => store.nameIndex!.run(token, new AbortController().signal);
  const add = (token: number, ...entries: string[]) =>
    store.ledger.commit({ token, changes: entries.map(adding) });

  /** What an earlier release does: a term without the index, an entry added and another one removed. */
  async function leadWithOldRelease(added: string, removed: string): Promise<void> {
    const { client } = server;
    await client.incr('beat:term');
    await client.hset('beat:entries', added, '10008640000000001 {}');
    await client.hset('beat:entries:states', added, '{}');
    await client.zadd('beat:entries:order', 0, `10008640000000001 ${added}`);
    await client.hdel('beat:entries', removed);
    await client.hdel('beat:entries:states', removed);
    const order = await client.zrangebylex('beat:entries:order', '-', '+');
    await client.zrem(
      'beat:entries:order',
      order.find((each) => each.endsWith(` ${removed}`))!,
    );
  }

  test('is complete in every term after the first of this release', async () => {
    const first = await store.ledger.beginTerm();
    await add(first, 'a', 'b');
    expect(await find()).toBeNull();
    await complete(first);
    expect(await find()).toEqual(['a', 'b']);
    const second = await store.ledger.beginTerm();
    expect(await find()).toEqual(['a', 'b']);
    await add(second, 'c');
    expect(await find()).toEqual(['a', 'b', 'c']);
  });

  test('is not used in a term of an earlier release, nor after it until a leader has completed it', async () => {
    const first = await store.ledger.beginTerm();
    await complete(first);
    await add(first, 'a', 'b');
    await leadWithOldRelease('new', 'b');
    expect(await find()).toBeNull();
    const next = await store.ledger.beginTerm();
    expect(await find()).toBeNull();
    await complete(next);
    expect(await find()).toEqual(['a', 'new']);
  });

  test('is completed by thousands of names', async () => {
    const names = Array.from({ length: 2_500 }, (_, i) => `e${String(i).padStart(4, '0')}`);
    const token = await store.ledger.beginTerm();
    await add(token, ...names);
    await server.client.del('beat:entries:names');
    await complete(token);
    expect(await find()).toEqual(names);
    expect(await find('e249')).toEqual(names.slice(2_490));
  });

  test('is not completed by a leader whose term has ended', async () => {
    const old = await store.ledger.beginTerm();
    await add(old, 'a');
    await store.ledger.beginTerm();
    await complete(old);
    expect(await find()).toBeNull();
    expect(await server.client.exists('beat:entries:names:term')).toBe(0);
  });

  test('is not completed after the signal aborted', async () => {
    const token = await store.ledger.beginTerm();
    await store.nameIndex!.run(token, AbortSignal.abort());
    expect(await find()).toBeNull();
  });

  test('is complete again after the store was lost', async () => {
    await complete(await store.ledger.beginTerm());
    await server.flush();
    await complete(await store.ledger.beginTerm());
    expect(await find()).toEqual([]);
  });
});

function adding(entry: string): Change {
  const stored = { dueAt: 1, definition: '{}' };
  return { entry, before: null, after: NEW_STATE, messages: [], stored };
}
