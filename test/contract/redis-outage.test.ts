import { inspect } from 'node:util';
import { ClientSockets } from '../support/client-sockets.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { StoreError } from '../../src/util/errors.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { makeMessage } from '../support/message.ts';
import { Proxy } from '../support/proxy.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const RECORD: EntryState = {
  version: 1,
  rev: 1,
  spec: 'every 60 s',
  anchor: 0,
  dueAt: 60_000,
  sentAt: 60_001,
  taskId: 'one',
  runCount: 1,
};
const CHANGE: Change = { entry: 'a', before: null, after: RECORD, messages: [makeMessage('one')] };
const PASSWORD = 'hunter2';

/** A lock TTL of 1 s, so that commands time out after half a second. Milliseconds. */
const SHORT_TIMEOUT = { lockTtl: 1_000 };

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis, outages', () => {
  let server: RedisServer;
  const stores: Store[] = [];
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];

  const open = (url = server.url(), options: Partial<StoreOptions> = {}): Store => {
    const store = openRedisStore(storeOptions(url, options));
    stores.push(store);
    return store;
  };
  const queued = () => server.client.llen('celery');

  beforeEach(async () => {
    server = await RedisServer.start({ password: PASSWORD, appendOnly: true });
    for (const spy of printed) spy.mockClear();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await server.stop();
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test('a commit without a reply fails, and publishes once when it is repeated', async () => {
    const { ledger } = open(server.url(), SHORT_TIMEOUT);
    const term = await ledger.beginTerm();
    server.freeze();
    const error = await rejection(ledger.commit({ token: term, changes: [CHANGE] }));
    expect(error.message).toMatch(/^ledger\.commit: Redis did not answer in 500 ms \(redis:/);
    server.thaw();

    expect(await untilAnswered(() => ledger.commit({ token: term, changes: [CHANGE] }))).toEqual({ kind: 'committed' });
    expect(await queued()).toBe(1);
  });

  test('long timeouts for workers do not delay a leader', async () => {
    const slow = { ...DEFAULT_TRANSPORT, socketTimeout: 30_000, socketConnectTimeout: 30_000 };
    const options = storeOptions(server.url(), { ...SHORT_TIMEOUT, transport: slow });
    for (const stateUrl of [server.url(), server.url(3)]) {
      const store = await openStore({ ...options, state: parseEndpoint(stateUrl) });
      stores.push(store);
      await store.ledger.beginTerm();
      server.freeze();
      const error = await rejection(store.ledger.load());
      expect(error.message).toMatch(/^ledger\.load: Redis did not answer in 500 ms \(redis:/);
      server.thaw();
    }
  });

  test('a commit whose reply is lost fails, and publishes nothing when it is repeated', async () => {
    await using wire = await Proxy.to(server.port);
    const { ledger } = open(server.url().replace(`:${server.port}`, `:${wire.port}`));
    const term = await ledger.beginTerm();
    // Script and queue are known from here on: the answer that gets lost is that of the commit itself.
    await ledger.commit({ token: term, changes: [{ ...CHANGE, entry: 'before' }] });
    await server.client.del('celery');
    const answered = wire.dropReplies();
    const committing = rejection(ledger.commit({ token: term, changes: [CHANGE] }));
    await answered;
    wire.cut();
    expect((await committing).message).toMatch(/^ledger\.commit: no connection to Redis: /);
    expect(await queued()).toBe(1);

    expect(await ledger.commit({ token: term, changes: [CHANGE] })).toEqual({ kind: 'committed' });
    expect(await queued()).toBe(1);
  });

  test('a dead connection is replaced by a new one', async () => {
    await using wire = await Proxy.to(server.port);
    const url = server.url().replace(`:${server.port}`, `:${wire.port}`);
    const { ledger } = open(url, SHORT_TIMEOUT);
    const term = await ledger.beginTerm();
    void wire.dropReplies();
    await rejection(ledger.commit({ token: term, changes: [CHANGE] }));
    expect(await untilAnswered(() => ledger.commit({ token: term, changes: [CHANGE] }))).toEqual({ kind: 'committed' });
    expect(await queued()).toBe(1);
  });

  test('a commit whose connection Redis kills fails or is published once', async () => {
    const { ledger } = open();
    const term = await ledger.beginTerm();
    const killing = server.client
      .pipeline()
      .call('DEBUG', 'SLEEP', '0.05')
      .call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      .exec();
    await Promise.allSettled([ledger.commit({ token: term, changes: [CHANGE] }), killing]);

    expect(await ledger.commit({ token: term, changes: [CHANGE] })).toEqual({ kind: 'committed' });
    expect(await queued()).toBe(1);
  });

  test('a term that ended during an outage commits nothing after it', async () => {
    const [ours, theirs] = [open(server.url(), SHORT_TIMEOUT), open(server.url(), SHORT_TIMEOUT)];
    const term = await ours.ledger.beginTerm();
    server.freeze();
    await rejection(ours.ledger.commit({ token: term, changes: [CHANGE] }));
    await rejection(theirs.ledger.beginTerm());
    server.thaw();
    await untilAnswered(() => theirs.ledger.beginTerm());
    const before = await queued();
    expect(await ours.ledger.commit({ token: term, changes: [CHANGE] })).toEqual({ kind: 'fenced' });
    expect(await queued()).toBe(before);
  });

  test('committed data and the connection are back after Redis was killed', async () => {
    const { ledger } = open();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [CHANGE] });
    await server.kill();
    await rejection(ledger.commit({ token: term, changes: [CHANGE] }));
    await server.start();
    expect(await untilAnswered(() => ledger.commit({ token: term, changes: [CHANGE] }))).toEqual({ kind: 'committed' });
    expect(await ledger.load()).toEqual(new Map([['a', RECORD]]));
    expect(await queued()).toBe(1);
  });

  test('opening and closing a store connects to no server', async () => {
    using sockets = new ClientSockets();
    await open(server.url()).close();
    expect(sockets.bytesRead()).toEqual([]);
  });

  test('every operation on an unreachable server fails with its name', async () => {
    const { lock, ledger, broker } = open();
    const lease = (await lock.acquire())!;
    await server.kill();
    const asked = {
      'lock.acquire': () => lock.acquire(),
      'lock.renew': () => lease.renew(),
      'lock.release': () => lease.release(),
      'ledger.load': () => ledger.load(),
      'ledger.beginTerm': () => ledger.beginTerm(),
      'ledger.commit': () => ledger.commit({ token: 1, changes: [CHANGE] }),
      'broker.publish': () => broker.publish(CHANGE.messages),
    };
    for (const [operation, ask] of Object.entries(asked)) {
      const error = await rejection(ask());
      expect(error.message.startsWith(`${operation}: no connection to Redis: `)).toBe(true);
      expect(error.cause).toBeInstanceOf(Error);
      expect(error).toMatchObject({ unreachable: { server: 'Redis' } });
    }
  });

  test('a wrong password is reported without being shown', async () => {
    const { lock, ledger } = open(server.url().replace(PASSWORD, 'sesame'));
    for (const promise of [ledger.load(), lock.acquire()]) {
      const error = await rejection(promise);
      expect(error.message).toContain('WRONGPASS');
      expect(inspect(error, { depth: null })).not.toContain('sesame');
    }
  });

  test('a rejected command is reported without its arguments', async () => {
    const { ledger } = open();
    await server.client.set('beat:states', 'not a hash');
    const outcome = await ledger.commit({ token: await ledger.beginTerm(), changes: [CHANGE] });
    const reason = 'reason' in outcome ? outcome.reason : '';
    expect(reason).toMatch(/^ledger\.commit: Redis rejected the command: .*WRONGTYPE/);
    expect(reason).not.toContain('tasks.add');
  });

  test('nothing is written to database 0 when the database of the URL cannot be selected', async () => {
    const { ledger, broker } = open(server.url(99));
    expect((await rejection(ledger.beginTerm())).message).toContain('DB index is out of range');
    await rejection(broker.publish(CHANGE.messages));
    expect(await server.client.dbsize()).toBe(0);
  });

  test('a follower is notified of a release after its subscription was cut off', async () => {
    const [leader, follower] = [open(), open()];
    const lease = (await leader.lock.acquire())!;
    const { signal } = new AbortController();
    const subscribed = () =>
      vi.waitFor(async () => {
        expect(await server.client.pubsub('NUMSUB', 'beat:released')).toEqual(['beat:released', 1]);
      });

    // A subscription may have missed a release, so each new one is a reason to try.
    await follower.lock.waitForRelease(signal);
    expect(await follower.lock.acquire()).toBeNull();
    const cutOff = follower.lock.waitForRelease(signal);
    await subscribed();
    await server.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await cutOff;
    expect(await follower.lock.acquire()).toBeNull();

    const happened: string[] = [];
    const notified = follower.lock.waitForRelease(signal).then(() => happened.push('notified'));
    await subscribed();
    happened.push('released');
    await lease.release();
    await notified;
    expect(happened).toEqual(['released', 'notified']);
    expect(await follower.lock.acquire()).not.toBeNull();
  });
});

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    (value) => new Error(`it resolved: ${inspect(value)}`),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

/** An outage ends for a connection when it has come back, which takes it a moment. */
function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  return vi.waitFor(ask, { timeout: 20_000 });
}
