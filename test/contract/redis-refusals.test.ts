import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { makeFirstRun, NEW_STATE, advanceState } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer, type RedisServerOptions } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const KB = 1_024;
const QUEUES = ['a', 'b', 'c', 'd'];

const missing = requireService('redis-server');

/** A Redis that answers, and does not do what it is asked. */
describe.skipIf(missing)(missing || 'redis, rejected commands', () => {
  let server: RedisServer;
  const stores: Store[] = [];
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];

  const serve = async (options: RedisServerOptions = {}): Promise<void> => {
    server = await RedisServer.start(options);
  };
  const open = (url = server.url()): Store => {
    const store = openRedisStore(storeOptions(url));
    stores.push(store);
    return store;
  };
  const ledgerConnection = async (): Promise<string> => {
    const list = String(await server.client.client('LIST'));
    return /^id=(\d+) .* name=beat-ledger /m.exec(list)![1]!;
  };

  beforeEach(() => {
    for (const spy of printed) spy.mockClear();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await server.stop();
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test('out of memory at any command, a commit is written as a whole or not at all', async () => {
    await serve();
    const { ledger } = open();
    const term = await ledger.beginTerm();
    const state = async () => {
      const lengths = await Promise.all(QUEUES.map((queue) => server.client.llen(queue)));
      return { lengths, bindings: await server.client.keys('_kombu*'), records: await ledger.load() };
    };
    await ledger.commit({ token: term, changes: [] });
    const outcomes = { whole: 0, nothing: 0 };
    for (let spare = -200; spare <= 1_600; spare += 100) {
      const entry = `with ${spare} KB to spare`;
      const body = 'x'.repeat(100 * KB);
      const messages = QUEUES.map((queue) => makeMessage(`${entry} ${queue}`, { queue, body }));
      const record = advanceState(NEW_STATE, entry);
      const before = await state();
      const used = /used_memory:(\d+)/.exec(await server.client.info('memory'))![1]!;
      await server.client.config('SET', 'maxmemory', String(Number(used) + spare * KB));
      const outcome = await ledger
        .commit({ token: term, changes: [{ entry, before: null, after: record, messages }] })
        .catch((error: unknown) => String(error));
      await server.client.config('SET', 'maxmemory', '0');
      const after = await state();
      if (typeof outcome === 'string') {
        expect(outcome).toMatch(/ledger\.commit: Redis rejected the command: OOM/);
        expect(after).toEqual(before);
        outcomes.nothing += 1;
      } else {
        expect(outcome).toEqual({ kind: 'committed' });
        expect(after.lengths).toEqual(before.lengths.map((length) => length + 1));
        expect(after.records.get(entry)).toEqual(record);
        outcomes.whole += 1;
      }
    }
    expect(outcomes.whole).toBeGreaterThan(3);
    expect(outcomes.nothing).toBeGreaterThan(3);
  });

  test('out of memory, an acquired lock can be renewed and released', async () => {
    await serve();
    const [ours, theirs] = [open(), open()];
    const lease = (await ours.lock.acquire())!;
    await server.client.config('SET', 'maxmemory', '1');
    expect(await lease.renew()).toBe(true);
    expect(await theirs.lock.acquire()).toBeNull();
    await lease.release();
    await expect(theirs.lock.acquire()).rejects.toThrow('lock.acquire: Redis rejected the command: OOM');
    await server.client.config('SET', 'maxmemory', '0');
    expect(await theirs.lock.acquire()).not.toBeNull();
  });

  test('READONLY from a new replica: nothing is written in part, and beat opens a new connection', async () => {
    await serve();
    const { ledger } = open();
    const term = await ledger.beginTerm();
    const before = await ledgerConnection();
    await server.client.replicaof('127.0.0.1', '1');
    await expect(ledger.commit({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
      'Redis rejected the command: READONLY',
    );
    await server.client.replicaof('NO', 'ONE');
    const commit = () => ledger.commit({ token: term, changes: [makeFirstRun('a')] });
    expect(await vi.waitFor(commit, { timeout: 20_000 })).toEqual({ kind: 'committed' });
    expect(await ledgerConnection()).not.toBe(before);
    expect(await server.client.llen('celery')).toBe(1);
  });

  test('MASTERDOWN from a replica: commits and the lock fail until it is a master', async () => {
    await serve({ args: ['--replica-serve-stale-data', 'no'] });
    const { ledger, lock } = open();
    const term = await ledger.beginTerm();
    await server.client.replicaof('127.0.0.1', '1');
    await expect(ledger.commit({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
      'Redis rejected the command: MASTERDOWN',
    );
    await expect(lock.acquire()).rejects.toThrow('Redis rejected the command: MASTERDOWN');
    await server.client.replicaof('NO', 'ONE');
    const commit = () => ledger.commit({ token: term, changes: [makeFirstRun('a')] });
    expect(await vi.waitFor(commit, { timeout: 20_000 })).toEqual({ kind: 'committed' });
  });

  test('LOADING after a start: commits fail until the data is loaded', async () => {
    await serve({ appendOnly: true });
    const { ledger } = open();
    const term = await ledger.beginTerm();
    await server.client.eval(`for i = 1, 1500 do redis.call('SET', 'k' .. i, i) end`, 0);
    await server.client.bgrewriteaof();
    await vi.waitFor(async () => {
      const info = await server.client.info('persistence');
      expect(info).toContain('aof_rewrite_in_progress:0');
      expect(info).toContain('aof_rewrite_scheduled:0');
    });
    await server.kill();
    // A thousandth of a second for each key, and a look at clients after each kilobyte.
    const slowly = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];
    const answering = server.start(slowly);
    const refusals = new Set<string>();
    const commit = () =>
      ledger.commit({ token: term, changes: [makeFirstRun('a')] }).catch((error: unknown) => {
        refusals.add(String(error));
        throw error;
      });
    expect(await vi.waitFor(commit, { timeout: 20_000 })).toEqual({ kind: 'committed' });
    await answering;
    expect([...refusals].join('\n')).toContain('Redis rejected the command: LOADING');
  });

  test('for a missing password, the error says so', async () => {
    await serve({ password: 'secret' });
    const { ledger, lock } = open(server.url().replace(':secret@', ''));
    await expect(ledger.beginTerm()).rejects.toThrow('ledger.beginTerm: Redis rejected the command: NOAUTH');
    await expect(lock.acquire()).rejects.toThrow('lock.acquire: Redis rejected the command: NOAUTH');
  });

  test('with too few replicas, a commit is not written in part', async () => {
    await serve();
    const { ledger } = open();
    const term = await ledger.beginTerm();
    await server.client.config('SET', 'min-replicas-to-write', '1');
    await expect(ledger.commit({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow('NOREPLICAS');
    await server.client.config('SET', 'min-replicas-to-write', '0');
    expect(await ledger.load()).toEqual(new Map());
    expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
  });

  test.each([
    ['a password', ':needless@'],
    ['the default user with a password', 'default:needless@'],
  ])('%s that it does not require causes no failure and no output', async (_, credentials) => {
    await serve();
    const { ledger, lock } = open(server.url().replace('//', `//${credentials}`));
    const term = await ledger.beginTerm();
    expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
    expect(await lock.acquire()).not.toBeNull();
  });
});
