import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { advanceState, NEW_STATE } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const SEP = '\x06\x16';
const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis, keys', () => {
  let server: RedisServer;
  let store: Store;

  const keys = async () => (await server.client.keys('*')).sort();

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.flush();
    store = openRedisStore(storeOptions(server.url()));
  });
  afterEach(() => store.close());

  test('a commit writes the same lists and binding sets as kombu', async () => {
    const term = await store.ledger.beginTerm();
    const messages = [
      makeMessage('a'),
      makeMessage('b', { priority: 5 }),
      makeMessage('c', { queue: 'reports', priority: 9 }),
    ];
    await store.ledger.commit({ token: term, changes: [change('x', messages)] });
    const lists = ['celery', `celery${SEP}3`, `reports${SEP}9`];
    const bindings = ['_kombu.binding.celery', '_kombu.binding.reports'];
    expect(await keys()).toEqual([...lists, ...bindings, 'beat:order', 'beat:states', 'beat:term'].sort());
    expect(await server.client.smembers(bindings[0]!)).toEqual([`celery${SEP}${SEP}celery`]);
    expect(await server.client.smembers(bindings[1]!)).toEqual([`reports${SEP}${SEP}reports`]);
  });

  test('a broker without a ledger writes the same keys', async () => {
    await store.broker.publish([makeMessage('a', { priority: 3 })]);
    expect(await keys()).toEqual(['_kombu.binding.celery', `celery${SEP}3`]);
  });

  test('a global prefix, separator and priority steps are those of the transport options', async () => {
    const names = { globalKeyprefix: 'app_', sep: ':', prioritySteps: [0, 5] };
    const transport = { ...DEFAULT_TRANSPORT, ...names };
    await using other = disposable(openRedisStore(storeOptions(server.url(), { transport })));
    await other.lock.acquire();
    const term = await other.ledger.beginTerm();
    await other.ledger.commit({ token: term, changes: [change('x', [makeMessage('a', { priority: 7 })])] });
    expect(await keys()).toEqual([
      'app__kombu.binding.celery',
      'app_beat:lock',
      'app_beat:order',
      'app_beat:states',
      'app_beat:term',
      'app_celery:5',
    ]);
    expect(await server.client.smembers('app__kombu.binding.celery')).toEqual(['celery::celery']);
  });

  test('the lock expires by itself', async () => {
    await store.lock.acquire();
    const left = await server.client.pttl('beat:lock');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  test('a row that follows after a long time renews the expiry of the history, and one that follows soon does not', async () => {
    const [key, maxAge, soon, long] = ['beat:history:x', 160_000, 1_000, 20_000];
    await using other = disposable(openRedisStore(storeOptions(server.url(), { history: { limit: 100, maxAge } })));
    const token = await other.ledger.beginTerm();
    let before: EntryState | null = null;
    const expiryAfter = async (pause: number) => {
      const at = (before?.sentAt ?? Date.now()) + pause;
      const history = [{ kind: 'skip', reason: 'paused', first: at, last: at, count: 1, at, term: 1 }] as const;
      const after = { ...(before ?? NEW_STATE), rev: (before?.rev ?? 0) + 1, sentAt: at };
      const outcome = await other.ledger.commit({
        token,
        changes: [{ entry: 'x', before, after, messages: [], history }],
      });
      expect(outcome.kind).toBe('committed');
      before = after;
      return server.client.pttl(key);
    };
    expect(await expiryAfter(0)).toBeGreaterThan(maxAge);
    await server.client.pexpire(key, maxAge);
    expect(await expiryAfter(soon)).toBeLessThanOrEqual(maxAge);
    expect(await expiryAfter(long)).toBeGreaterThan(maxAge);
  });

  test('a lease is renewed although the wall clock of the host changes', async () => {
    const lease = await store.lock.acquire();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await lease?.renew()).toBe(true);
  });

  test('the next commit restores a lost binding', async () => {
    const term = await store.ledger.beginTerm();
    await store.ledger.commit({ token: term, changes: [change('x', [makeMessage('a')])] });
    await server.client.del('_kombu.binding.celery');
    await store.ledger.commit({ token: term, changes: [change('y', [makeMessage('b')])] });
    expect(await server.client.exists('_kombu.binding.celery')).toBe(1);
  });

  test('scripts are loaded again after Redis lost them', async () => {
    const term = await store.ledger.beginTerm();
    await store.ledger.commit({ token: term, changes: [change('x', [makeMessage('a')])] });
    await server.client.script('FLUSH');
    await store.ledger.commit({ token: term, changes: [change('y', [makeMessage('b')])] });
    expect(await server.client.llen('celery')).toBe(2);
  });

  test('a commit to a key of another type is rejected and writes nothing', async () => {
    const term = await store.ledger.beginTerm();
    await server.client.set('broken', 'no list');
    const messages = [makeMessage('a'), makeMessage('b', { queue: 'broken' })];
    const outcome = await store.ledger.commit({ token: term, changes: [change('x', messages)] });
    expect(outcome).toMatchObject({ kind: 'store-rejected' });
    expect('reason' in outcome && outcome.reason).toContain('WRONGTYPE');
    expect(await keys()).toEqual(['beat:term', 'broken']);
  });
});

function change(entry: string, messages: ReturnType<typeof makeMessage>[]) {
  return { entry, before: null, after: advanceState(NEW_STATE, 't'), messages };
}

function disposable(store: Store): Store & AsyncDisposable {
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}
