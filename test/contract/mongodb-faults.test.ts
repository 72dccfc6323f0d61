import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { toQueue } from '../../src/celery/message/destination.ts';
import { copyMessage } from '../../src/celery/message/message.ts';
import { DEFAULT_MONGODB, DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { openMongoResultReader } from '../../src/drivers/mongodb/results.ts';
import { mongoDriver, openMongoStore } from '../../src/drivers/mongodb/store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { ConfigError } from '../../src/util/errors.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { makeFirstRun, makeNextRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { MongoServer, requireMongodb } from '../support/mongodb.ts';
import { storeOptions } from './test-store.ts';

const missing = requireMongodb();

describe.skipIf(missing)(missing || 'mongodb: faults', () => {
  let single: MongoServer;
  let set: MongoServer;
  const stores: StateStore[] = [];
  beforeAll(async () => {
    [single, set] = await Promise.all([MongoServer.start('single'), MongoServer.start('set')]);
  });
  afterAll(() => Promise.all([single.stop(), set.stop()]));
  beforeEach(() => Promise.all([single.empty(), set.empty()]));
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  const open = (server: MongoServer, options: Partial<StoreOptions> = {}): StateStore => {
    const store = openMongoStore(storeOptions(server.url(), options));
    stores.push(store);
    return store;
  };
  const queued = async (server: MongoServer) => {
    const found = await server.db.collection('messages').find().sort({ _id: 1 }).toArray();
    return found.map(({ payload }) => (JSON.parse(String(payload)) as { headers: { id: string } }).headers.id);
  };

  test('on a single server, the next term applies a journal that was committed and not applied', async () => {
    const { ledger } = open(single);
    const token = await ledger.beginTerm();
    const first = makeFirstRun('a', 'one');
    await ledger.commit({ token, changes: [first] });
    const second = makeNextRun(first, 'two');
    await ledger.commit({ token, changes: [second] });
    // As if the leader had been killed after it committed the second run, and before it applied anything of it.
    const messages = single.db.collection('messages');
    const [, lost] = await messages.find().sort({ _id: 1 }).toArray();
    await messages.deleteOne({ _id: lost!._id });
    const state = JSON.stringify(first.after);
    await single.db.collection('beat.entries').updateOne({ _id: 'a' as never }, { $set: { state }, $inc: { seq: -1 } });
    const items = [
      { kind: 'messages', value: lost },
      { kind: 'entries', value: { entry: 'a', state: JSON.stringify(second.after), isRemoved: false } },
    ];
    const parts = items.map((item, number) => ({
      _id: `x ${number}` as never,
      commit: 'x',
      number,
      token,
      items: [item],
    }));
    await single.db.collection('beat.journal').insertMany(parts);
    const journal = { commit: 'x', parts: 2 };
    await single.db.collection('beat.leader').updateOne({ _id: 'term' as never }, { $set: { journal } });

    const next = open(single).ledger;
    await next.beginTerm();
    expect(await queued(single)).toEqual(['one', 'two']);
    expect((await next.load()).get('a')).toEqual(second.after);
    expect(await single.db.collection('beat.journal').countDocuments()).toBe(0);
    expect(await ledger.commit({ token, changes: [makeNextRun(second, 'three')] })).toEqual({ kind: 'fenced' });
    expect(await queued(single)).toEqual(['one', 'two']);
  });

  test('an incomplete journal is an error that names the collection, and nothing of it is applied', async () => {
    const { ledger } = open(single);
    await ledger.beginTerm();
    const journal = { commit: 'x', parts: 2 };
    await single.db.collection('beat.leader').updateOne({ _id: 'term' as never }, { $set: { journal } });
    await expect(open(single).ledger.beginTerm()).rejects.toThrow(
      /^ledger\.commit: the collection beat\.journal has 0 of 2 parts of commit x: something has deleted the others/,
    );
  });

  test('a delayed write of an earlier commit changes no newer state', async () => {
    const { ledger } = open(single);
    const token = await ledger.beginTerm();
    const first = makeFirstRun('a', 'one');
    const second = makeNextRun(first, 'two');
    await ledger.commit({ token, changes: [first] });
    await ledger.commit({ token, changes: [second] });
    const entries = single.db.collection<{ _id: string; seq: number }>('beat.entries');
    const { seq } = (await entries.findOne({ _id: 'a' }))!;
    const late = entries.updateOne({ _id: 'a', seq: { $lt: seq - 1 } }, { $set: { seq: seq - 1 } }, { upsert: true });
    await expect(late).rejects.toMatchObject({ code: 11_000 });
    expect((await ledger.load()).get('a')).toEqual(second.after);
  });

  test('a single server causes a warning, and a replica set ends it', async () => {
    const warn = vi.fn();
    await open(single, { warn }).ledger.beginTerm();
    expect(warn.mock.calls).toEqual([['transactions', expect.stringContaining('start mongod with --replSet')]]);
    await open(set, { warn }).ledger.beginTerm();
    expect(warn).toHaveBeenLastCalledWith('transactions', null);
  });

  test('a transaction that conflicts with another is repeated, and each run is published once', async () => {
    const { ledger } = open(set);
    const token = await ledger.beginTerm();
    const names = Array.from({ length: 8 }, (_, i) => `e${i}`);
    const outcomes = await Promise.all(
      names.map((entry) => ledger.commit({ token, changes: [makeFirstRun(entry, entry)] })),
    );
    expect(outcomes).toEqual(names.map(() => ({ kind: 'committed' })));
    expect((await queued(set)).toSorted()).toEqual(names);
  });

  test('a message above the limit of a document rejects its commit with the size, and nothing is written', async () => {
    const { ledger, broker } = open(set);
    const token = await ledger.beginTerm();
    const large = makeMessage('large', { body: 'x'.repeat(13_000_000) });
    const outcome = await ledger.commit({ token, changes: [{ ...makeFirstRun('a'), messages: [large] }] });
    expect(outcome).toMatchObject({
      kind: 'store-rejected',
      reason: expect.stringMatching(/it has \d+ bytes/) as string,
    });
    expect(await ledger.load()).toEqual(new Map());
    const [rejection] = await broker.publish([large, makeMessage('small')]);
    expect(rejection).toMatchObject({ message: large });
    expect(await queued(set)).toEqual(['small']);
  });

  test('a message that is published again is inserted once while it waits', async () => {
    const { broker } = open(set);
    const [a, b] = [makeMessage('a'), makeMessage('b', { destination: toQueue('other') })];
    await broker.publish([a, b]);
    expect(await broker.publish([a, makeMessage('c'), b])).toEqual([]);
    expect(await queued(set)).toEqual(['a', 'b', 'c']);
  });

  test('messages expire by their own expiration and by the declaration of their queue', async () => {
    const transport = { ...DEFAULT_TRANSPORT, mongodb: { ...DEFAULT_MONGODB, ttl: true } };
    const clock = { ...systemClock, now: () => Date.parse('2027-03-01T12:00:00Z') };
    const { broker } = open(set, { transport, clock });
    const options = { arguments: { 'x-message-ttl': 60_000 } };
    await set.db.collection('messages.queues').insertOne({ _id: 'brief' as never, options });
    const { properties } = makeMessage('a');
    const expiring = copyMessage(makeMessage('a'), { properties: { ...properties, expiration: '1000' } });
    await broker.publish([
      expiring,
      makeMessage('b', { destination: toQueue('brief') }),
      makeMessage('c', { destination: toQueue('endless') }),
    ]);
    const found = await set.db.collection('messages').find().sort({ _id: 1 }).toArray();
    expect(found.map(({ expire_at }) => (expire_at as Date | null)?.toISOString() ?? null)).toEqual([
      '2027-03-01T12:00:01.000Z',
      '2027-03-01T12:01:00.000Z',
      null,
    ]);
  });

  test('an unreachable server is an error of its operation, and the store recovers', async () => {
    const server = await MongoServer.start('set');
    await using _ = server;
    const store = open(server, { lockTtl: 1_000 });
    expect(await store.lock.acquire()).not.toBeNull();
    await server.kill();
    await expect(store.lock.acquire()).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringMatching(/^lock\.acquire: /) as string,
      unreachable: { server: 'MongoDB' },
    });
    await server.restart();
    expect(await store.lock.acquire()).not.toBeNull();
    expect(await store.checkHealth!()).toMatchObject({ store: 'MongoDB' });
  });

  test('outcomes are read as Celery stores them', async () => {
    const tasks = set.client.db('celery').collection<{ _id: string }>('celery_taskmeta');
    const done = new Date('2027-03-01T12:00:00Z');
    const traceback = 'Traceback (most recent call last):\n  …\nValueError: on purpose';
    await tasks.insertMany([
      { _id: 'ok', status: 'SUCCESS', result: '1', date_done: done, traceback: null } as never,
      { _id: 'bad', status: 'FAILURE', result: '{}', date_done: done, traceback, worker: 'w@h' } as never,
      { _id: 'open', status: 'STARTED', result: '{}', date_done: null } as never,
    ]);
    const reader = openMongoResultReader(parseEndpoint(set.url('')), {} as never, systemClock);
    try {
      const { ended } = await reader.read(['ok', 'bad', 'open', 'none']);
      const common = { doneAt: done.getTime(), runtimeMs: null };
      expect(ended.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1))).toEqual([
        { ...common, taskId: 'bad', state: 'FAILURE', worker: 'w@h', error: 'ValueError: on purpose' },
        { ...common, taskId: 'ok', state: 'SUCCESS', worker: null, error: null },
      ]);
    } finally {
      await reader.close();
      await tasks.deleteMany({});
    }
  });
});

test.each([
  ['mongodb://b:27017,a:27017/db', 'mongodb://A:27017,b:27017/db?replicaSet=rs0', true],
  ['mongodb://u:p@a/db', 'mongodb://u:other@a/db', true],
  ['mongodb://u@a/db', 'mongodb://v@a/db', false],
  ['mongodb://a/db', 'mongodb://a/other', false],
])('%s and %s name one database: %o', (a, b, isOne) => {
  expect(mongoDriver.normalize(parseEndpoint(a)) === mongoDriver.normalize(parseEndpoint(b))).toBe(isOne);
});

test.each(['mongodb://', 'mongodb://h:99999999/db', 'mongodb://h/db?w=two&replicaset=', 'mongodb://h/db?tls=maybe'])(
  '%s is an error of the configuration',
  (url) => {
    expect(() => openMongoStore(storeOptions(url))).toThrow(ConfigError);
  },
);

test('an error names an unknown option of the URL, and no password', () => {
  const url = 'mongodb://u:secret@h/db?replicaSett=rs0';
  expect(() => openMongoStore(storeOptions(url))).toThrow(/^brokerUrl: .*replicasett/i);
  expect(() => openMongoStore(storeOptions(url))).not.toThrow(/secret/);
});
