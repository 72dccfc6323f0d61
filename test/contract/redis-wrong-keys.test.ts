import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import { placeOfMinute } from '../../src/contracts/store/minutes.ts';
import { sortableInstant } from '../../src/contracts/store/sortable.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { makeFirstRun, NEW_STATE } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('redis-server');
const DEFINITION = '{"task":"t","schedule":60}';

describe.skipIf(missing)(missing || 'redis with keys of another program', () => {
  let server: RedisServer;
  let client: Redis;
  let store: StateStore;
  let warnings: [kind: string, message: string | null][];

  beforeAll(async () => {
    server = await RedisServer.start();
    ({ client } = server);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.flush();
    warnings = [];
    const warn = (...warning: [string, string | null]) => void warnings.push(warning);
    store = openRedisStore(storeOptions(server.url(), { warn }));
  });
  afterEach(() => store.close());

  const addEntries = async (term: number, ...names: string[]) =>
    store.ledger.commit({
      token: term,
      changes: names.map((entry, i) => ({
        entry,
        before: null,
        after: NEW_STATE,
        messages: [makeMessage(`run of ${entry}`)],
        stored: { dueAt: 1_000 * (i + 1), definition: DEFINITION },
      })),
    });
  const names = async (limit: number) => (await store.entries.page({ limit })).map(({ entry }) => entry);

  test('redis instances: announcements without a time are unreadable, and those that would never expire are removed', async () => {
    await client.hset('beat:instances', {
      text: 'no announcement',
      ahead: `${Date.now() + 3_600_000} {}`,
      'far ahead': `${'9'.repeat(400)} {}`,
    });
    expect(await store.instances.list()).toMatchObject([
      { kind: 'unreadable', id: 'text', repair: 'expires by itself within 15 seconds' },
    ]);
    await store.instances.announce({
      id: 'one',
      host: 'h',
      pid: 1,
      version: '1',
      role: 'follower',
      term: null,
      startedAt: 0,
      skewMs: null,
    });
    expect(await client.hkeys('beat:instances')).toEqual(['one']);
  });

  test.each(['records', 'entries'])(
    'redis: no term begins beside the key beat:%s of an earlier version, and one begins once it is deleted',
    async (key) => {
      await client.hset(`beat:${key}`, 'a', '{}');
      await expect(store.ledger.beginTerm()).rejects.toThrow(
        `ledger.beginTerm: the key "beat:${key}" is of an earlier version of beat, which this one does not read; delete the keys of that prefix, or set another keyPrefix`,
      );
      expect(await client.keys('*')).toEqual([`beat:${key}`]);
      const other = openRedisStore(storeOptions(server.url(), { keyPrefix: 'other' }));
      expect(await other.ledger.beginTerm()).toBeGreaterThan(0);
      await other.close();
      await client.del(`beat:${key}`);
      expect(await store.ledger.beginTerm()).toBeGreaterThan(0);
    },
  );

  test('redis outbox: ids without a text do not end the outbox', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `${sortableInstant(i)} gone 0 0`);
    await client.zadd('beat:outbox:order', ...ids.flatMap((id) => [0, id]));
    const token = await store.ledger.beginTerm();
    await store.ledger.append({ token, changes: [makeFirstRun('a')] });
    expect(await store.ledger.pending(5, '')).toMatchObject([{ run: { entry: 'a' } }]);
  });

  describe('index of stored entries', () => {
    const invalid = ['x', '~ ', 'never', `${sortableInstant(1_500)} `, '123 early', `${'9'.repeat(17)} late`];

    test.each([1, 2, 3, 100])(
      'redis index: pages of %i contain all entries, and the log names members that are none',
      async (limit) => {
        await addEntries(await store.ledger.beginTerm(), 'a', 'b', 'c');
        await client.zadd('beat:order', ...invalid.flatMap((member) => [0, member]));
        await client.zadd('beat:order', 0, `${sortableInstant(1_700)} deleted`);
        const found: string[] = [];
        for (let after; ;) {
          const page = await store.entries.page({ limit, after });
          found.push(...page.map(({ entry }) => entry));
          expect(page.length).toBeLessThanOrEqual(limit);
          after = page.at(-1);
          if (page.length < limit) break;
        }
        expect(found).toEqual(['a', 'b', 'c']);
        expect(await names(1)).toEqual(['a']);
        const positions = await store.entries.positions({ limit: 10 });
        expect(positions.map(({ entry }) => entry)).toEqual(['a', 'deleted', 'b', 'c']);
        expect(warnings.find(([, message]) => message !== null)).toEqual([
          'stored-entries',
          expect.stringMatching(
            /sorted set beat:order name no stored entry, or one that has another member, and are ignored: .*remove them with ZREM$/,
          ),
        ]);
        await client.zrem('beat:order', ...invalid, `${sortableInstant(1_700)} deleted`);
        await names(10);
        expect(warnings.at(-1)).toEqual(['stored-entries', null]);
      },
    );

    test('redis index: thousands of members without an entry do not hide entries', async () => {
      await addEntries(await store.ledger.beginTerm(), 'a');
      const members = Array.from({ length: 5_000 }, (_, i) => `!${i}`);
      await client.zadd('beat:order', ...members.flatMap((member) => [0, member]));
      expect(await names(100)).toEqual(['a']);
    });

    test('redis index: a member that is not UTF-8 is ignored, and a member in any language is an entry', async () => {
      await addEntries(await store.ledger.beginTerm(), '芹菜 🥬 é \ufffd', 'z');
      const due = Buffer.from(`${sortableInstant(1_500)} `);
      for (const bytes of ['ff', 'c3', 'eda080', 'c080', 'e28282c3', 'f09f98', 'f4908080']) {
        const member = Buffer.concat([due, Buffer.from(bytes, 'hex')]);
        await client.zadd('beat:order', 0, member);
      }
      expect(await names(2)).toEqual(['芹菜 🥬 é \ufffd', 'z']);
      const positions = await store.entries.positions({ limit: 3 });
      expect(positions.map(({ entry }) => entry)).toEqual(['芹菜 🥬 é \ufffd', 'z']);
    });

    test.each(['-inf', '-1', '0.5', '+inf'])(
      'redis index: a member with the score %s hides no entry',
      async (score) => {
        await addEntries(await store.ledger.beginTerm(), 'a', 'b', 'c');
        await client.zadd('beat:order', score, '~', score, `${sortableInstant(2_000)} b`);
        const due = { limit: 2, dueBy: 10_000 };
        const page = await store.entries.page(due);
        expect(page.map(({ entry }) => entry)).toEqual(['a', 'b']);
        const rest = await store.entries.page({ ...due, after: page.at(-1) });
        expect(rest.map(({ entry }) => entry)).toEqual(['c']);
        await client.zadd('beat:order', score, '~');
        const positions = await store.entries.positions({ limit: 10 });
        expect(positions.map(({ entry }) => entry)).toEqual(['a', 'b', 'c']);
      },
    );

    test('redis index: a second member of an entry is named in the log, and the entry is read once', async () => {
      await addEntries(await store.ledger.beginTerm(), 'a', 'b');
      const second = [`${sortableInstant(1)} b`, 'never b', `${sortableInstant(9_000)} b`];
      await client.zadd('beat:order', ...second.flatMap((member) => [0, member]));
      expect(await store.entries.page({ limit: 10 })).toMatchObject([
        { entry: 'a', dueAt: 1_000 },
        { entry: 'b', dueAt: 2_000 },
      ]);
      for (const member of second) {
        expect(warnings.at(-1)![1]).toContain(JSON.stringify(member));
      }
    });

    test('redis index: the position of an entry is the position of its member', async () => {
      await addEntries(await store.ledger.beginTerm(), 'a', 'b');
      await client.hset('beat:definitions', 'b', `${sortableInstant(-1)} ${DEFINITION}`);
      const [, b] = await store.entries.page({ limit: 2 });
      expect(b).toMatchObject({ entry: 'b', dueAt: 2_000, definition: DEFINITION });
      expect(await store.entries.page({ limit: 2, after: b })).toEqual([]);
      await client.hset('beat:definitions', 'b', 'garbage');
      expect(await store.entries.find(['b'])).toMatchObject([{ definition: 'garbage', dueAt: null }]);
    });
  });

  describe('keys of another type', () => {
    test.each(['audit', 'audit:order', 'commands', 'minutes', 'history:a'])(
      'redis: stored entries run although beat:%s has another type',
      async (key) => {
        await client.set(`beat:${key}`, 'of another program');
        const term = await store.ledger.beginTerm();
        expect(await addEntries(term, 'a', 'b')).toEqual({ kind: 'committed' });
        expect(await names(10)).toEqual(['a', 'b']);
        expect(await client.llen('celery')).toBe(2);
      },
    );

    test('redis: a commit of a stored entry names the index by name that has another type, and others are committed', async () => {
      await client.set('beat:names', 'of another program');
      const term = await store.ledger.beginTerm();
      expect(await addEntries(term, 'a')).toEqual({
        kind: 'store-rejected',
        reason: expect.stringContaining('the key "beat:names" has another type than expected; delete it') as string,
      });
      expect(await store.ledger.commit({ token: term, changes: [makeFirstRun('b')] })).toEqual({ kind: 'committed' });
      expect(await client.llen('celery')).toBe(1);
    });

    test.each(['term', 'lock', 'states', 'definitions', 'order', 'commands', 'audit'])(
      'redis: an operation that needs beat:%s names the key to delete',
      async (key) => {
        const term = await store.ledger.beginTerm();
        await client.del(`beat:${key}`);
        await client.sadd(`beat:${key}`, 'of another program');
        const operations: Record<string, () => Promise<unknown>> = {
          term: () => store.ledger.beginTerm(),
          lock: () => store.lock.acquire(),
          states: () => store.ledger.findStates(['a'], () => {}),
          definitions: () => store.entries.find(['a']),
          order: () => store.entries.page({ limit: 1 }),
          commands: () => store.commands.pending(1),
          audit: () => store.commands.findAudit(['id']),
        };
        await expect(operations[key]!()).rejects.toThrow(
          `the key "beat:${key}" has another type than expected; delete it`,
        );
        if (key !== 'states' && key !== 'order' && key !== 'term') return;
        expect(
          await store.ledger
            .commit({ token: term, changes: [makeFirstRun('a')] })
            .catch((error: unknown) => ({ reason: String(error) })),
        ).toMatchObject({ reason: expect.stringContaining(`"beat:${key}"`) as string });
      },
    );

    test.each(['renew', 'release'] as const)(
      'redis: a lock that another program replaced names the key to delete in lock.%s',
      async (operation) => {
        const lease = await store.lock.acquire();
        await client.del('beat:lock');
        await client.sadd('beat:lock', 'of another program');
        await expect(lease![operation]()).rejects.toThrow(
          'the key "beat:lock" has another type than expected; delete it',
        );
      },
    );

    test('redis: a term that another program replaced names the key to delete in all operations of a term', async () => {
      const term = await store.ledger.beginTerm();
      await client.del('beat:term');
      await client.sadd('beat:term', 'of another program');
      const reason = 'the key "beat:term" has another type than expected; delete it';
      await expect(store.ledger.remove(term, ['id'])).rejects.toThrow(reason);
      await expect(store.ledger.removeState(term, 'a')).rejects.toThrow(reason);
    });

    test('redis: a term number of 301 digits does not fence its own commits', async () => {
      await client.set('beat:term', `1${'0'.repeat(300)}`);
      const token = await store.ledger.beginTerm();
      expect(await store.ledger.commit({ token, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
    });
  });

  test.each(['text', '%d 1 2 3 four', '%d 1.5 0 0 0', `%d ${'9'.repeat(100)} 0 0 0`, '%d 1 2 3'])(
    'redis: a count of a minute that is "%s" is replaced, and neither fails the commit nor the page of counts',
    async (text) => {
      const now = Date.now();
      const { number, slot } = placeOfMinute(now);
      await client.hset('beat:minutes', String(slot), text.replace('%d', String(number)));
      expect(await store.history!.minutes(now - 60_000, now + 60_000)).toEqual([]);
      const token = await store.ledger.beginTerm();
      const row = {
        ...({ kind: 'run', dueAt: now, sentAt: now, cause: 'schedule', taskId: 'one' } as const),
        task: 't',
        queue: 'celery',
        term: token,
        leader: 'gen1@host',
        number: 1,
      };
      const change = { ...makeFirstRun('a', 'one'), history: [row] };
      expect(await store.ledger.commit({ token, changes: [change] })).toEqual({ kind: 'committed' });
      expect(await client.llen('celery')).toBe(1);
      expect(await store.history!.minutes(now - 60_000, now + 60_000)).toMatchObject([
        { published: 1, skipped: 0, succeeded: 0, failed: 0 },
      ]);
    },
  );
});
