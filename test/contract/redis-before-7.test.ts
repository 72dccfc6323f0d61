import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Scripts from '../../src/drivers/redis/scripts/script.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { AclUser } from '../support/acl.ts';
import { NEW_STATE, makeFirstRun, advanceState } from '../support/change.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

/** What Redis has since version 7 is taken from the scripts. All else is that of the server that runs. */
const BEFORE_7 = vi.hoisted(
  () => 'local redis = setmetatable({ acl_check_cmd = false }, { __index = redis })\n',
);

vi.mock('../../src/drivers/redis/scripts/script.ts', async (original) => {
  const module = await original<typeof Scripts>();
  return { ...module, script: (lua: string) => module.script(BEFORE_7 + lua) };
});

const missing = requireService('redis-server');

describe.skipIf(missing)(
  missing || 'redis scripts without acl_check_cmd, as before Redis 7',
  () => {
    let server: RedisServer;
    let beat: AclUser;
    const closing: (() => Promise<unknown>)[] = [];

    beforeEach(async () => {
      server = await RedisServer.start();
      beat = new AclUser(server, 'beat');
      await beat.set();
    });
    afterEach(async () => {
      await Promise.all(closing.splice(0).map((close) => close()));
      await server.stop();
    });

    const open = (options: Partial<StoreOptions> = {}, url = beat.url()) => {
      const store = openRedisStore(storeOptions(url, options));
      closing.push(() => store.close());
      return store;
    };
    const bound = { queues: configureQueues(makeBoundQueue('celery', 'x', 'direct', 'k')) };
    const throughExchange = (id: string) =>
      makeMessage(id, { destination: toExchange('x', 'direct', 'k') });
    const listen = async (pattern: string) => {
      const client = server.client.duplicate();
      closing.push(async () => client.disconnect());
      const channels: string[] = [];
      client.on('pmessage', (_, channel) => channels.push(channel));
      await client.psubscribe(pattern);
      return channels;
    };

    test('lock, term and commit work with the documented user and leave no other keys', async () => {
      const { lock, ledger } = open(bound);
      const lease = (await lock.acquire())!;
      expect(await lease.renew()).toBe(true);
      const term = await ledger.beginTerm();
      const change = {
        ...makeFirstRun('a'),
        messages: [makeMessage('one'), throughExchange('two')],
      };
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
        kind: 'committed',
      });
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
        kind: 'committed',
      });
      await lease.release();
      expect((await server.client.keys('*')).sort()).toEqual(
        ['_kombu.binding.x', 'beat:records', 'beat:term', 'celery'].sort(),
      );
      expect(await server.client.llen('celery')).toBe(2);
      expect(await server.client.get('beat:term')).toBe(String(term));
    });

    test.each(['hset', 'lpush', 'sadd', 'llen', 'scard', 'hmget', 'get'])(
      'a commit without permission for %s names it and writes nothing at any attempt',
      async (command) => {
        const { ledger } = open(bound);
        const term = await ledger.beginTerm();
        await beat.set(`-${command}`);
        const change = { ...makeFirstRun('a'), messages: [throughExchange('one')] };
        const commit = () =>
          ledger.commit({ token: term, changes: [change] }).then(
            (outcome) => (outcome.kind === 'store-rejected' ? outcome.reason : outcome.kind),
            (error: unknown) => String(error),
          );
        for (let i = 0; i < 3; i++) {
          expect(await commit()).toContain(`user "beat" may not run ${command.toUpperCase()} on "`);
        }
        expect((await server.client.keys('*')).sort()).toEqual(['beat:term']);
        await beat.set();
        expect(await commit()).toBe('committed');
        expect(await server.client.llen('celery')).toBe(1);
      },
    );

    test.each(['time', 'get', 'set', 'hset', 'hmget', 'hscan'])(
      'a term does not begin without permission for %s, which the error names',
      async (command) => {
        await beat.set(`-${command}`);
        await expect(open().ledger.beginTerm()).rejects.toThrow(
          `user "beat" may not run ${command.toUpperCase()}`,
        );
      },
    );

    test.each(['get', 'set', 'pexpire', 'del', 'exists'])(
      'a lock is not acquired without permission for %s, which the error names',
      async (command) => {
        await beat.set(`-${command}`);
        await expect(open().lock.acquire()).rejects.toThrow(
          `user "beat" may not run ${command.toUpperCase()} on "beat:lock"`,
        );
        expect(await server.client.exists('beat:lock')).toBe(0);
      },
    );

    test('an outbox without permission to remove messages stores none', async () => {
      const state = new AclUser(server, 'state');
      for (const command of ['zrem', 'hdel']) {
        await state.set();
        const { ledger } = open({}, state.url());
        const term = await ledger.beginTerm();
        await state.set(`-${command}`);
        await expect(ledger.append({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
          `user "state" may not run ${command.toUpperCase()}`,
        );
        expect(await server.client.keys('beat:outbox*')).toEqual([]);
      }
    });

    test('out of memory, no part of a commit is written', async () => {
      const { ledger } = open(bound);
      const term = await ledger.beginTerm();
      await server.client.config('SET', 'maxmemory', '1');
      const change = { ...makeFirstRun('a'), messages: [throughExchange('one')] };
      await expect(ledger.commit({ token: term, changes: [change] })).rejects.toThrow(
        'Redis rejected the command: OOM',
      );
      await server.client.config('SET', 'maxmemory', '0');
      expect(await server.client.keys('*')).toEqual(['beat:term']);
    });

    const broadcast = (id: string, exchange: string) =>
      makeMessage(id, { destination: toExchange(exchange, 'fanout', '') });

    test('a broadcast without permission is rejected before anything is written', async () => {
      await beat.set('resetchannels', '&beat:*');
      const { ledger } = open();
      const term = await ledger.beginTerm();
      const messages = [makeMessage('one'), broadcast('two', 'all')];
      const change = {
        entry: 'a',
        before: null,
        after: advanceState(NEW_STATE, 'one'),
        messages,
      };
      for (let i = 0; i < 3; i++) {
        expect(await ledger.commit({ token: term, changes: [change] })).toMatchObject({
          kind: 'store-rejected',
          reason: expect.stringContaining('user "beat" may not run PUBLISH on "/0.all') as string,
        });
      }
      expect(await server.client.keys('*')).toEqual(['beat:term']);
    });

    test('one forbidden broadcast of several is reported, and no commit is written in part', async () => {
      const heard = await listen('/0.*');
      await beat.set('resetchannels', '&beat:*', '&/0.all', '&/0.all/*');
      const { ledger } = open();
      const term = await ledger.beginTerm();
      const messages = [broadcast('one', 'all'), makeMessage('two'), broadcast('three', 'other')];
      const change = {
        entry: 'a',
        before: null,
        after: advanceState(NEW_STATE, 'one'),
        messages,
      };
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
        kind: 'committed',
        unpublished: [
          {
            message: messages[2],
            kind: 'no-subscribers',
            reason: 'the fanout exchange has no subscribers',
          },
        ],
      });
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
        kind: 'committed',
      });
      expect(await server.client.llen('celery')).toBe(1);
      expect((await ledger.load()).size).toBe(1);
      await vi.waitFor(() => expect(heard.filter((each) => each === '/0.all')).toHaveLength(1));
    });
  },
);
