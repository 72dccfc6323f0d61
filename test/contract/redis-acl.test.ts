import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Beat } from '../../src/leader/beat.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Commit } from '../../src/contracts/store/commit.ts';
import type { StateStore, Store } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { AclUser } from '../support/acl.ts';
import { NEW_STATE, makeFirstRun, makeNextRun, advanceState } from '../support/change.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { nextEvent } from '../support/next-event.ts';
import { operationKey } from '../../src/contracts/events/beat-events.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis users with few permissions', () => {
  let server: RedisServer;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
    await server.stop();
  });

  const user = async (name: string): Promise<AclUser> => {
    const made = new AclUser(server, name);
    await made.set();
    return made;
  };
  const open = (url: string, options: Partial<StoreOptions> = {}) => {
    const store = openRedisStore(storeOptions(url, options));
    closing.push(() => store.close());
    return store;
  };
  const pushed = () => server.client.llen('celery');
  const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

  describe('the documented user "beat"', () => {
    /** A direct exchange, a broadcast, a chord and a plain task, with task events. */
    const config = (url: string): BeatConfig => ({
      brokerUrl: url,
      resultBackend: url,
      resultExpires: null,
      lock: { ttl: '5s' },
      taskSendSentEvent: true,
      taskQueues: { celery: {}, 'celery.bound': { exchange: 'reports', exchangeType: 'direct', routingKey: 'weekly' } },
      beatSchedule: {
        plain: { task: 't.plain', schedule: 0.2 },
        bound: {
          task: 't.bound',
          schedule: 0.2,
          options: { exchange: 'reports', exchangeType: 'direct', routingKey: 'weekly' },
        },
        fanned: {
          task: 't.fanned',
          schedule: 0.2,
          options: { exchange: 'all', exchangeType: 'fanout', routingKey: '' },
        },
        chord: {
          task: { chord: { header: [{ task: 't.a' }, { task: 't.b' }], body: { task: 't.sum' } } },
          schedule: 0.2,
        },
      },
    });

    test('can run every operation of beat: lock, terms, commits, bindings, broadcasts, chords, task events', async () => {
      const beat = await user('beat');
      const listener = server.client.duplicate();
      closing.push(async () => listener.disconnect());
      const channels = new Set<string>();
      listener.on('pmessage', (_, channel) => channels.add(channel));
      await listener.psubscribe('/0.*');
      const faults: string[] = [];
      const warnings: string[] = [];
      const running = new Beat(config(beat.url()));
      const follower = new Beat(config(beat.url()));
      for (const each of [running, follower]) {
        closing.push(() => each.stop());
        each.on('failure', ({ operation, error }) => faults.push(`${operationKey(operation)}: ${textOf(error)}`));
        each.on('warning', ({ message }) => message !== null && warnings.push(message));
      }
      const sent = new Set<string>();
      const all = new Promise<void>((resolve) => {
        running.on('sent', ({ entry }) => sent.add(entry).size === 4 && resolve());
      });
      await running.start();
      await nextEvent(running, 'leading');
      await follower.start();
      await nextEvent(follower, 'following');
      await all;
      await vi.waitFor(() => expect(channels).toEqual(new Set(['/0.all', '/0.all/celery', '/0.celeryev/task.sent'])));
      await Promise.all([nextEvent(follower, 'leading'), running.stop()]);
      await follower.stop();
      expect(faults).toEqual([]);
      expect(warnings).toEqual([]);
      expect(await server.client.smembers('_kombu.binding.reports')).toHaveLength(1);
      expect(await server.client.keys('celery-taskset-meta-*')).not.toEqual([]);
      expect(await server.client.llen('celery.bound')).toBeGreaterThan(0);
    });

    test('without any one command gets an error that names it, and publishes no run twice', async () => {
      const beat = await user('beat');
      const silent: string[] = [];
      for (const right of beat.commands) {
        await server.flush();
        await beat.set(right.replace('+', '-'));
        const command = right.slice(1).toUpperCase();
        const errors: string[] = [];
        const running = new Beat(config(beat.url()));
        running.on('failure', ({ error }) => errors.push(textOf(error)));
        running.on('warning', ({ message }) => message !== null && errors.push(message));
        // An instance subscribes only while another leads.
        if (right === '+subscribe') await server.client.set('beat:lock', 'another', 'PX', 60_000);
        await running.start();
        const named = () => expect(errors.join('\n')).toMatch(new RegExp(`user "beat" may not run ${command}( |;)`));
        await vi.waitFor(named, { timeout: 10_000 }).catch(() => silent.push(right));
        await running.stop();
        const ids = (await server.client.lrange('celery', 0, -1)).map(
          (text) => (JSON.parse(text) as { headers: { id: string } }).headers.id,
        );
        expect(new Set(ids).size, `${right}: ids in the queue`).toBe(ids.length);
      }
      expect(silent).toEqual([]);
    });
  });

  describe('a commit', () => {
    const TWO = ['one', 'two'];

    test.each(['HSET', 'HMGET', 'GET'])(
      'without permission for %s on the ledger fails, pushes nothing, and publishes once the permission is granted',
      async (command) => {
        const beat = await user('beat');
        const { ledger } = open(beat.url());
        const term = await ledger.beginTerm();
        await beat.set(`-${command.toLowerCase()}`);
        const commit = () => ledger.commit({ token: term, changes: [makeFirstRun('a')] });
        const key = command === 'GET' ? 'beat:term' : 'beat:states';
        const words = `Redis rejected the command: user "beat" may not run ${command} on "${key}"`;
        for (let i = 0; i < 5; i++) await expect(commit()).rejects.toThrow(words);
        expect(await pushed()).toBe(0);
        await beat.set();
        expect(await commit()).toEqual({ kind: 'committed' });
        expect(await pushed()).toBe(1);
      },
    );

    test('without permission for SADD is rejected and pushes nothing', async () => {
      const beat = await user('beat');
      await server.client.sadd('_kombu.binding.x', ['k', '', 'celery'].join('\x06\x16'));
      const queues = configureQueues(makeBoundQueue('celery', 'x', 'direct', 'k'));
      const { ledger } = open(beat.url(), { queues });
      const term = await ledger.beginTerm();
      await beat.set('-sadd');
      const destination = toExchange('x', 'direct', 'k');
      const change = { ...makeFirstRun('a'), messages: [makeMessage('t', { destination })] };
      for (let i = 0; i < 3; i++) {
        expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
          kind: 'store-rejected',
          reason: expect.stringContaining('user "beat" may not run SADD on "_kombu.binding.x"') as string,
        });
      }
      expect(await pushed()).toBe(0);
      await beat.set();
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({ kind: 'committed' });
      expect(await pushed()).toBe(1);
    });

    test('to a queue without permission for its key is rejected with that key, and delays no other', async () => {
      const beat = await user('beat');
      const { ledger } = open(beat.url());
      const term = await ledger.beginTerm();
      const messages = [makeMessage('one'), makeMessage('two', { queue: 'other' })];
      const change = { entry: 'a', before: null, after: advanceState(NEW_STATE, 'one'), messages };
      expect(await ledger.commit({ token: term, changes: [change] })).toEqual({
        kind: 'store-rejected',
        reason: expect.stringMatching(/user "beat" may not run EVAL(SHA)? on "other";/) as string,
      });
      expect(await pushed()).toBe(0);
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('b')] })).toEqual({ kind: 'committed' });
    });

    test('to a read-only queue names LPUSH or the script, and pushes nothing', async () => {
      const beat = await user('beat');
      await beat.set('(%R~other +llen)');
      const { ledger } = open(beat.url());
      const term = await ledger.beginTerm();
      const messages = TWO.map((id) => makeMessage(id, { queue: id === 'two' ? 'other' : 'celery' }));
      const change = { entry: 'a', before: null, after: advanceState(NEW_STATE, 'one'), messages };
      const outcome = await ledger.commit({ token: term, changes: [change] });
      expect(outcome).toMatchObject({ kind: 'store-rejected' });
      expect(outcome).toHaveProperty('reason', expect.stringContaining('"other"'));
      expect(await pushed()).toBe(0);
    });

    test('changes nothing after permissions were revoked during a term', async () => {
      const beat = await user('beat');
      const { ledger } = open(beat.url());
      const term = await ledger.beginTerm();
      const first = makeFirstRun('a', 'one');
      await ledger.commit({ token: term, changes: [first] });
      await beat.set('-lpush');
      const second = makeNextRun(first, 'two');
      expect(await ledger.commit({ token: term, changes: [second] })).toMatchObject({
        kind: 'store-rejected',
        reason: expect.stringContaining('user "beat" may not run LPUSH on "celery"') as string,
      });
      expect(await ledger.load()).toEqual(new Map([['a', first.after]]));
      await beat.set();
      expect(await ledger.commit({ token: term, changes: [second] })).toEqual({ kind: 'committed' });
      expect(await pushed()).toBe(2);
    });
  });

  describe('commands and stored entries', () => {
    const users = [
      ['beat', 'commit'],
      ['state', 'append'],
    ] as const;

    /** Adds an entry by a command, moves it, and reads it. Throws what prevented it. */
    async function use(store: StateStore, way: 'commit' | 'append'): Promise<void> {
      await store.commands.append('{}');
      const [command] = await store.commands.pending(1);
      const token = await store.ledger.beginTerm();
      const commit = async (parts: Omit<Commit, 'token'>) => {
        const outcome = await store.ledger[way]({ token, ...parts });
        if (outcome.kind === 'store-rejected') throw new Error(outcome.reason);
        expect(outcome.kind).toBe('committed');
      };
      const first = { ...makeFirstRun('a'), stored: { dueAt: 1, definition: '{}' } };
      const commands = [{ key: command!.key, id: 'id', audit: '{}' }];
      await commit({ changes: [first], commands });
      await commit({ changes: [{ ...makeNextRun(first, 'two'), stored: { dueAt: 2 } }] });
      expect(await store.entries.page({ limit: 1 })).toHaveLength(1);
      expect(await store.entries.find(['a'])).toHaveLength(1);
    }

    test.each(users)('can be used by the documented user "%s"', async (name, way) => {
      const documented = await user(name);
      await documented.set(...documented.optionalCommands);
      await use(open(documented.url()), way);
      expect(await server.client.hkeys('beat:definitions')).toEqual(['a']);
      expect(await server.client.llen('beat:commands')).toBe(0);
    });

    test.each(users)(
      'of user "%s" without any one command get an error that names it, and nothing is written',
      async (name, way) => {
        const documented = await user(name);
        for (const right of documented.optionalCommands) {
          await server.flush();
          await documented.set(...documented.optionalCommands, right.replace('+', '-'));
          const command = right.slice(1).toUpperCase();
          await expect(use(open(documented.url()), way), command).rejects.toThrow(
            `user "${name}" may not run ${command} on "beat:`,
          );
          expect(await server.client.exists('beat:states', 'beat:definitions'), command).toBe(0);
          expect(await server.client.exists('beat:audit', 'beat:audit:order', 'celery')).toBe(0);
        }
      },
    );
  });

  describe('the lock', () => {
    test('can be acquired by the documented user "lock"', async () => {
      const lock = await user('lock');
      const store = open(server.url(), { locks: [parseEndpoint(lock.url())] });
      const other = open(server.url(), { locks: [parseEndpoint(lock.url())] });
      const lease = (await store.lock.acquire())!;
      expect(await lease.renew()).toBe(true);
      expect(await other.lock.acquire()).toBeNull();
      const told = other.lock.waitForRelease(AbortSignal.timeout(30_000));
      await vi.waitFor(async () =>
        expect(await server.client.pubsub('NUMSUB', 'beat:released')).toEqual(['beat:released', 1]),
      );
      await lease.release();
      await told;
      expect(await other.lock.acquire()).not.toBeNull();
    });

    test.each(['EXISTS', 'GET', 'SET', 'PEXPIRE', 'DEL', 'EVAL'])(
      'is not acquired without permission for %s, which the error names',
      async (command) => {
        const lock = await user('lock');
        await lock.set(`-${command.toLowerCase()}`);
        const store = open(server.url(), { locks: [parseEndpoint(lock.url())] });
        await expect(store.lock.acquire()).rejects.toThrow(
          `lock.acquire: Redis rejected the command: user "lock" may not run ${command}`,
        );
        expect(await server.client.exists('beat:lock')).toBe(0);
      },
    );

    test.each([
      ['PEXPIRE', 'renew'],
      ['DEL', 'release'],
    ] as const)('that lost the right to %s says so when it is to %s', async (command, act) => {
      const lock = await user('lock');
      const store = open(server.url(), { locks: [parseEndpoint(lock.url())] });
      const lease = (await store.lock.acquire())!;
      await lock.set(`-${command.toLowerCase()}`);
      await expect(lease[act]()).rejects.toThrow(`user "lock" may not run ${command} on "beat:lock"`);
    });

    test('without permission for SUBSCRIBE warns that takeovers are slower, until it is granted', async () => {
      const lock = await user('lock');
      await lock.set('-subscribe');
      const warn = vi.fn();
      const store = open(server.url(), { locks: [parseEndpoint(lock.url())], warn });
      const waiting = store.lock.waitForRelease(AbortSignal.timeout(30_000));
      await vi.waitFor(() => expect(warn).toHaveBeenCalled());
      expect(warn).toHaveBeenCalledWith(
        'takeover',
        expect.stringMatching(/user "lock" may not run SUBSCRIBE on "beat:released".*takes over/s),
      );
      await lock.set();
      await server.client.client('KILL', 'USER', 'lock');
      await waiting;
      expect(warn).toHaveBeenLastCalledWith('takeover', null);
    });
  });

  describe('an outbox', () => {
    const openPair = async (stateUrl: string, brokerUrl: string): Promise<Store> => {
      const store = await openStore({ ...storeOptions(brokerUrl), state: parseEndpoint(stateUrl) });
      closing.push(() => store.close());
      return store;
    };

    test('and queues in another database work with the documented users', async () => {
      const [state, queues] = [await user('state'), await user('queues')];
      const { ledger, lock } = await openPair(state.url(), queues.url());
      expect(await lock.acquire()).not.toBeNull();
      const term = await ledger.beginTerm();
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
      expect(await pushed()).toBe(1);
      expect(await server.client.zcard('beat:outbox:order')).toBe(0);
      expect((await ledger.load()).size).toBe(1);
    });

    test('without permission to remove messages publishes none, of this term or of earlier ones', async () => {
      const [state, queues] = [await user('state'), await user('queues')];
      for (const command of ['zrem', 'hdel']) {
        await server.flush();
        await state.set();
        const before = open(state.url());
        await before.ledger.append({ token: await before.ledger.beginTerm(), changes: [makeFirstRun('old')] });
        await state.set(`-${command}`);
        const { ledger } = await openPair(state.url(), queues.url());
        const words = `user "state" may not run ${command.toUpperCase()} on "beat:outbox`;
        for (let i = 0; i < 3; i++) await expect(ledger.beginTerm()).rejects.toThrow(words);
        const term = await before.ledger.beginTerm();
        await expect(before.ledger.append({ token: term, changes: [makeFirstRun('new')] })).rejects.toThrow(words);
        expect(await pushed()).toBe(0);
      }
    });

    test.each(['HSET', 'ZADD', 'HEXISTS', 'ZCARD', 'HLEN'])(
      'stores nothing without permission for %s',
      async (command) => {
        const state = await user('state');
        const { ledger } = open(state.url());
        const term = await ledger.beginTerm();
        await state.set(`-${command.toLowerCase()}`);
        await expect(ledger.append({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
          `user "state" may not run ${command} on "beat:`,
        );
        expect(await server.client.keys('beat:outbox*')).toEqual([]);
        expect(await server.client.exists('beat:states')).toBe(0);
      },
    );

    test.each(['LPUSH', 'LLEN'])(
      'retains messages that the broker’s user may not %s, and retries push none twice',
      async (command) => {
        const [state, queues] = [await user('state'), await user('queues')];
        await queues.set(`-${command.toLowerCase()}`);
        const { ledger } = await openPair(state.url(), queues.url());
        const term = await ledger.beginTerm();
        const outcome = await ledger.commit({ token: term, changes: [makeFirstRun('a')] });
        const words = `user "queues" may not run ${command} on "celery"`;
        expect(outcome).toMatchObject({
          kind: 'committed',
          unpublished: [{ kind: 'rejected', reason: expect.stringContaining(words) as string }],
        });
        expect(await pushed()).toBe(0);
      },
    );

    test('only the message for a forbidden queue is rejected; the others of its batch are pushed once', async () => {
      const queues = await user('queues');
      const { broker } = open(queues.url());
      const denied = makeMessage('denied', { queue: 'other' });
      const messages = ['a', 'b', 'c', 'd'].map((id) => makeMessage(id));
      const batch = [...messages.slice(0, 2), denied, ...messages.slice(2)];
      expect(await broker.publish(batch)).toMatchObject([{ message: denied }]);
      expect(await pushed()).toBe(4);
    });

    test('a message for several queues is in none of them if one is forbidden', async () => {
      const queues = await user('queues');
      const member = (queue: string) => ['k', '', queue].join('\x06\x16');
      await server.client.sadd('_kombu.binding.x', member('celery'), member('other'));
      const { broker } = open(queues.url());
      const message = makeMessage('a', { destination: toExchange('x', 'direct', 'k') });
      for (let i = 0; i < 3; i++) {
        const [rejection] = await broker.publish([message]);
        expect(rejection).toMatchObject({ message });
        expect(rejection?.reason).toContain('"other"');
      }
      expect(await pushed()).toBe(0);
    });
  });
});
