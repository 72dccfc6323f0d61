import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { toQueue } from '../../src/celery/message/destination.ts';
import { copyMessage } from '../../src/celery/message/message.ts';
import { DEFAULT_MONGODB, DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { MongoServerError } from 'mongodb';
import { MongoConnection, rejectionReason } from '../../src/drivers/mongodb/connection.ts';
import { namesFor } from '../../src/drivers/mongodb/names.ts';
import { createSteps } from '../../src/drivers/mongodb/steps.ts';
import { NO_WRITES } from '../../src/drivers/mongodb/writes.ts';
import { openMongoResultReader } from '../../src/drivers/mongodb/results.ts';
import { mongoDriver, openMongoStore } from '../../src/drivers/mongodb/store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { ConfigError } from '../../src/util/errors.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { makeFirstRun, makeNextRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { MongoServer, requireMongodb } from '../support/mongodb.ts';
import { freePort } from '../support/redis.ts';
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
  /** Leaves a committed journal, as a leader that was killed. */
  const leave = async (journal: { parts: number; seq: number }) => {
    const term = single.db.collection('beat.leader');
    await term.updateOne({ _id: 'term' as never }, { $set: { journal: { commit: 'x', ...journal } } });
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
    const entries = single.db.collection<{ _id: string; seq: number }>('beat.entries');
    const { seq } = (await entries.findOneAndUpdate({ _id: 'a' }, { $set: { state }, $inc: { seq: -1 } }))!;
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
    await leave({ parts: 2, seq });

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
    await leave({ parts: 2, seq: 1 });
    await expect(open(single).ledger.beginTerm()).rejects.toThrow(
      /^the collection beat\.journal has 0 of 2 parts of commit x: something has deleted the others/,
    );
  });

  test('an error while a committed journal is applied does not reject it, and the next step applies it', async () => {
    const names = namesFor('beat');
    const url = single.url();
    const connection = new MongoConnection({
      server: parseEndpoint(url),
      defaultDatabase: '',
      name: 't',
      timeout: 5_000,
    });
    const applied: string[] = [];
    const denied = new MongoServerError({ code: 13, codeName: 'Unauthorized', message: 'not authorized' });
    const errors = [denied];
    const steps = createSteps(connection, names, async ({ sent }) => {
      const [error] = errors.splice(0);
      if (error) throw error;
      applied.push(...sent);
    });
    try {
      const { token } = await steps.begin();
      const step = (id: string) =>
        steps.run('s', token, async () => ({ writes: { ...NO_WRITES, sent: [id] }, result: id }));
      const error: unknown = await step('a').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        name: 'StoreError',
        message:
          'ledger.apply: MongoDB answered: not authorized (Unauthorized); the commit is durable, and its journal is applied later',
      });
      expect(rejectionReason(error)).toBeNull();
      expect(await step('b')).toBe('b');
      expect(applied).toEqual(['a', 'b']);
    } finally {
      await connection.close();
    }
  });

  test('a journal that was applied already changes no newer state and counts nothing twice', async () => {
    const { ledger, history } = open(single);
    const token = await ledger.beginTerm();
    const first = makeFirstRun('a', 'one');
    const second = makeNextRun(first, 'two');
    await ledger.commit({ token, changes: [first] });
    const entries = single.db.collection<{ _id: string; seq: number }>('beat.entries');
    const { seq } = (await entries.findOne({ _id: 'a' }))!;
    const minutes = single.db.collection<{ _id: number }>('beat.minutes');
    const number = Math.floor(systemClock.now() / 60_000);
    const counts = { published: 1, skipped: 0, succeeded: 0, failed: 0 };
    await minutes.insertOne({ _id: number, ...counts, seq, expires: new Date(Date.now() + 60_000) } as never);
    await ledger.commit({ token, changes: [second] });
    const items = [
      { kind: 'entries', value: { entry: 'a', state: JSON.stringify(first.after), isRemoved: false } },
      { kind: 'minutes', value: { at: number * 60_000, ...counts } },
    ];
    await single.db.collection('beat.journal').insertOne({ _id: 'x 0' as never, commit: 'x', number: 0, token, items });
    await leave({ parts: 1, seq });

    const next = open(single).ledger;
    await next.beginTerm();
    expect((await next.load()).get('a')).toEqual(second.after);
    const found = await history!.minutes(number * 60_000, (number + 1) * 60_000);
    expect(found).toMatchObject([{ published: 1 }]);
  });

  test('on a replica set, a message to a fanout exchange is committed by a journal', async () => {
    const { ledger } = open(set);
    const token = await ledger.beginTerm();
    const destination = { queue: null, exchange: 'news', exchangeType: 'fanout' as const, routingKey: '' };
    const message = makeMessage('news', { destination });
    const change = { ...makeFirstRun('a'), messages: [message] };
    expect(await ledger.commit({ token, changes: [change] })).toEqual({ kind: 'committed' });
    expect(await ledger.commit({ token, changes: [change] })).toEqual({ kind: 'committed' });
    const broadcasts = await set.db.collection('messages.broadcast').find().toArray();
    expect(broadcasts).toEqual([expect.objectContaining({ queue: 'news' })]);
  });

  test('a transaction applies a journal that is left before it decides', async () => {
    const { ledger } = open(set);
    const token = await ledger.beginTerm();
    const first = makeFirstRun('a', 'one');
    const items = [{ kind: 'entries', value: { entry: 'a', state: JSON.stringify(first.after), isRemoved: false } }];
    await set.db.collection('beat.journal').insertOne({ _id: 'x 0' as never, commit: 'x', number: 0, token, items });
    await set.db
      .collection('beat.leader')
      .updateOne(
        { _id: 'term' as never },
        { $set: { journal: { commit: 'x', parts: 1, seq: token + 1 } }, $inc: { seq: 1 } },
      );
    expect(await ledger.commit({ token, changes: [makeNextRun(first, 'two')] })).toEqual({ kind: 'committed' });
    expect(await queued(set)).toEqual(['two']);
  });

  test('a server that starts later is used', async () => {
    const port = await freePort();
    const url = `mongodb://127.0.0.1:${port}/tasks`;
    const store = openMongoStore(storeOptions(url, { lockTtl: 1_000 }));
    stores.push(store);
    for (let i = 0; i < 2; i++) {
      await expect(store.lock.acquire()).rejects.toThrow(`lock.acquire: connect ECONNREFUSED 127.0.0.1:${port}`);
    }
    await using server = await MongoServer.start('set', port);
    await expect.poll(() => store.lock.acquire().catch(() => null), { timeout: 60_000 }).not.toBeNull();
    await server.db.command({ ping: 1 });
  });

  test('a command that another program has inserted with another kind of id is ignored', async () => {
    const { commands } = open(set);
    await commands.append('{"do":"reload"}');
    await set.db.collection('beat.commands').insertOne({ json: '{}' });
    expect(await commands.pending(10)).toEqual([{ key: '1', json: '{"do":"reload"}' }]);
  });

  test('a single server causes a warning, and a replica set ends it', async () => {
    const warn = vi.fn();
    await open(single, { warn }).ledger.beginTerm();
    expect(warn.mock.calls).toEqual([['transactions', expect.stringContaining('start mongod with --replSet')]]);
    await open(set, { warn }).ledger.beginTerm();
    expect(warn).toHaveBeenLastCalledWith('transactions', null);
  });

  test('a commit whose transaction conflicts with another is repeated, and publishes once', async () => {
    const { ledger } = open(set);
    const token = await ledger.beginTerm();
    const session = set.client.startSession();
    session.startTransaction();
    await set.db
      .collection('beat.leader')
      .updateOne({ _id: 'term' as never }, { $set: { by: 'another' } }, { session });
    let isSettled = false;
    const committing = ledger.commit({ token, changes: [makeFirstRun('a', 'one')] }).finally(() => {
      isSettled = true;
    });
    for (let i = 0; i < 30; i++) await set.db.command({ ping: 1 });
    expect(isSettled).toBe(false);
    await session.abortTransaction();
    await session.endSession();
    expect(await committing).toEqual({ kind: 'committed' });
    expect(await queued(set)).toEqual(['one']);
  });

  test('steps that run at the same time apply no journal twice', async () => {
    const { ledger } = open(single);
    const token = await ledger.beginTerm();
    const names = Array.from({ length: 8 }, (_, i) => `e${i}`);
    const commits = names.map((entry) => ledger.commit({ token, changes: [makeFirstRun(entry, entry)] }));
    // As a worker that consumes each message at once.
    const consumed: string[] = [];
    const messages = single.db.collection('messages');
    for (let isDone = false; !isDone || (await messages.countDocuments()) > 0;) {
      isDone = await Promise.race([Promise.all(commits).then(() => true), messages.countDocuments().then(() => false)]);
      const message = await messages.findOneAndDelete({}, { sort: { _id: 1 } });
      if (message) consumed.push((JSON.parse(String(message['payload'])) as { headers: { id: string } }).headers.id);
    }
    expect(consumed.toSorted()).toEqual(names);
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
