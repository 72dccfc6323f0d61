import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import { toQueue, type Destination } from '../../src/celery/message/destination.ts';
import type { Queues } from '../../src/celery/routing/queues.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { NEW_STATE, advanceState } from '../support/change.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { forwardableClock, storeOptions } from './test-store.ts';

const SEP = '\x06\x16';
const BROADCAST = 'bcast.1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const missing = requireService('redis-server');

/** What kombu's workers and beat have to agree upon beyond the lists of queues. */
describe.skipIf(missing)(missing || 'redis, exchanges', () => {
  let server: RedisServer;
  let inside: Redis;
  const stores: Store[] = [];

  const open = (options: Partial<StoreOptions> = {}, db = 2): Store => {
    const store = openRedisStore(storeOptions(server.url(db), options));
    stores.push(store);
    return store;
  };
  const change = (destinations: readonly Destination[], priority = 0) => ({
    entry: 'e',
    before: null,
    after: advanceState(NEW_STATE, 'e'),
    messages: destinations.map((destination, i) => makeMessage(`m${i}`, { destination, priority })),
  });
  const commit = async (destinations: readonly Destination[], options: Partial<StoreOptions> = {}, priority = 0) => {
    const { ledger } = open(options);
    return ledger.commit({ token: await ledger.beginTerm(), changes: [change(destinations, priority)] });
  };
  const bind = (exchange: string, ...members: readonly (readonly string[])[]) =>
    inside.sadd(`_kombu.binding.${exchange}`, ...members.map((parts) => parts.join(SEP)));
  const lists = async () => {
    const keys = (await inside.keys('*')).toSorted();
    const types = await Promise.all(keys.map((key) => inside.type(key)));
    return keys.filter((_, i) => types[i] === 'list');
  };
  const members = async (exchange: string) => {
    const found = await inside.smembers(`_kombu.binding.${exchange}`);
    return found.map((member) => member.split(SEP)).toSorted();
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    inside = server.client.duplicate({ db: 2 });
  });
  beforeEach(() => server.flush());
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    inside.disconnect();
    await server.stop();
  });

  test('a message is pushed to every queue that kombu would find by its bindings', async () => {
    await bind('media', ['video', '', 'one'], ['video', '', 'two'], ['audio', '', 'three']);
    await bind('media', ['v.#', String.raw`^v.*?$`, 'four']);
    expect(await commit([toExchange('media', 'direct', 'video')], {}, 5)).toEqual({ kind: 'committed' });
    expect(await lists()).toEqual(['four', 'one', 'two'].map((queue) => `${queue}${SEP}3`));
    const [one] = await inside.lrange(`one${SEP}3`, 0, -1);
    const [two] = await inside.lrange(`two${SEP}3`, 0, -1);
    const read = (envelope = '') => JSON.parse(envelope) as { properties: Record<string, unknown> };
    expect(read(one).properties['delivery_info']).toEqual({ exchange: 'media', routing_key: 'video' });
    expect(read(one).properties['delivery_tag']).not.toBe(read(two).properties['delivery_tag']);
  });

  test('a queue that is both configured and bound by workers receives a message once', async () => {
    await bind('jobs', ['work', '', 'one']);
    const queues = configureQueues(makeBoundQueue('one', 'jobs', 'direct', 'work'));
    await commit([toExchange('jobs', 'direct', 'work')], { queues });
    expect(await inside.llen('one')).toBe(1);
  });

  test('queues are declared with all of their bindings, each with the prefix', async () => {
    const queues = configureQueues(
      makeBoundQueue('one', 'jobs', 'direct', 'work', ['more']),
      makeBoundQueue('two', 'news', 'topic', 'a.*'),
    );
    const transport = { ...DEFAULT_TRANSPORT, globalKeyprefix: 'app_' };
    const destinations = [toQueue('one'), toQueue('other'), toExchange('news', 'topic', 'a.b')];
    await commit(destinations, { queues, transport });
    const keys = (await inside.keys('app__kombu*')).toSorted();
    expect(keys).toEqual(['jobs', 'more', 'news', 'other'].map((e) => `app__kombu.binding.${e}`));
    expect(await inside.smembers('app__kombu.binding.more')).toEqual([`work${SEP}${SEP}one`]);
    expect(await inside.smembers('app__kombu.binding.news')).toEqual([
      ['a.*', String.raw`^a\.[^\.]+$`, 'two'].join(SEP),
    ]);
    expect(await lists()).toEqual(['app_one', 'app_other', 'app_two']);
  });

  test('bindings of a queue are declared for a message to its name, also after a message from an exchange', async () => {
    await bind('jobs', ['key', '', 'one']);
    const queues = configureQueues(makeBoundQueue('one', 'more', 'direct', 'work'));
    await commit([toExchange('jobs', 'direct', 'key'), toQueue('one')], { queues });
    expect(await inside.llen('one')).toBe(2);
    expect(await members('more')).toEqual([['work', '', 'one']]);
  });

  test('declares nothing that other programs create', async () => {
    const queue = { ...makeBoundQueue('one', 'jobs', 'direct', 'work'), noDeclare: true };
    await commit([toExchange('jobs', 'direct', 'work')], { queues: configureQueues(queue) });
    expect(await members('jobs')).toEqual([]);
    expect(await lists()).toEqual(['one']);
  });

  test('a fanout exchange that is configured with another type is detected by the bindings of workers', async () => {
    await bind('bc', ['celery', '', BROADCAST]);
    expect(await commit([toExchange('bc', 'direct', 'celery')])).toEqual({
      kind: 'store-rejected',
      reason: expect.stringMatching(/exchange "bc" .*set exchangeType 'fanout'$/) as unknown,
    });
    expect(await lists()).toEqual([]);
  });

  describe('a fanout exchange', () => {
    const BC = toExchange('bc', 'fanout', 'celery');
    let ear: Redis;
    let received: [channel: string, id: string][];

    const listen = async (pattern: string) => {
      ear = server.client.duplicate();
      received = [];
      ear.on('pmessage', (_, channel: string, envelope: string) => {
        const { headers } = JSON.parse(envelope) as { headers: { id: string } };
        received.push([channel, headers.id]);
      });
      await ear.psubscribe(pattern);
    };
    afterEach(() => ear.disconnect());

    /** Resolves when the subscriber has received everything that was published before. */
    const waitForSubscriber = () => ear.ping();

    test('publishes to the channel of workers in the same commit as to queues', async () => {
      await listen('/2.bc/celery');
      expect(await commit([toQueue('celery'), BC, BC])).toEqual({ kind: 'committed' });
      await waitForSubscriber();
      expect(received).toEqual([
        ['/2.bc/celery', 'm1'],
        ['/2.bc/celery', 'm2'],
      ]);
      expect(await lists()).toEqual(['celery']);
    });

    test('applies the key prefix and the transport options to its channels', async () => {
      await listen('app_*');
      const transport = {
        ...DEFAULT_TRANSPORT,
        globalKeyprefix: 'app_',
        fanoutPrefix: '/x{db}.',
        fanoutPatterns: false,
      };
      await commit([BC], { transport });
      await waitForSubscriber();
      expect(received).toEqual([['app_/x2.bc', 'm0']]);
    });

    test('publishes to the channels of all bindings and ignores the routing key', async () => {
      await bind('bc', ['celery', '', BROADCAST], ['jobs', '', 'named'], ['x.#', '', 'patterned']);
      await listen('/2.bc/*');
      for (const key of ['', 'foo', 'x.y']) {
        received = [];
        expect(await commit([toExchange('bc', 'fanout', key)])).toEqual({ kind: 'committed' });
        await waitForSubscriber();
        const channels = received.map(([channel]) => channel);
        expect(channels).toEqual(expect.arrayContaining(['/2.bc/celery', '/2.bc/jobs']));
        expect(channels.filter((channel) => channel.startsWith('/2.bc/x.'))).toHaveLength(1);
        await inside.del('beat:states');
      }
    });

    test('reaches workers with the same configuration although their bindings were lost', async () => {
      await listen('/2.bc/news');
      const broadcast = { ...makeBoundQueue('bc', 'bc', 'fanout', 'news'), broadcast: true };
      await commit([toExchange('bc', 'fanout', '')], { queues: configureQueues(broadcast) });
      await waitForSubscriber();
      expect(received).toEqual([['/2.bc/news', 'm0']]);
    });

    test('is used for an unconfigured queue that workers have bound as broadcast', async () => {
      await bind('everyone', ['celery', '', BROADCAST], ['everyone', '', 'everyone']);
      await listen('/2.*');
      expect(await commit([toQueue('everyone'), toQueue('celery')])).toEqual({ kind: 'committed' });
      await waitForSubscriber();
      expect(received).toContainEqual(['/2.everyone/celery', 'm0']);
      expect(await lists()).toEqual(['celery']);
    });

    test('is looked for under the name of a queue once a minute', async () => {
      const clock = forwardableClock();
      const store = open({ clock });
      const destination = toQueue('everyone');
      const publish = (id: string) => store.broker.publish([makeMessage(id, { destination })]);
      await publish('a');
      await bind('everyone', ['celery', '', BROADCAST]);
      await listen('/2.everyone/celery');
      await publish('b');
      expect(await inside.llen('everyone')).toBe(2);
      clock.forward(60_000);
      await publish('c');
      await waitForSubscriber();
      expect(received).toEqual([['/2.everyone/celery', 'c']]);
      expect(await inside.llen('everyone')).toBe(2);
    });

    test('without permission to read it is ignored, and a queue of that name is an ordinary one', async () => {
      await server.client.call(...['ACL', 'SETUSER', 'blind', 'on', '>pw', '~*', '+@all', '-smembers', '&*']);
      const url = server.url(2).replace('redis://', 'redis://blind:pw@');
      const store = openRedisStore(storeOptions(url));
      stores.push(store);
      await listen('/2.*');
      await store.broker.publish([makeMessage('a')]);
      expect(await lists()).toEqual(['celery']);
    });

    test('without subscribers is committed, and reported', async () => {
      await listen('/2.other');
      const store = open();
      const term = await store.ledger.beginTerm();
      const [told, made] = [toExchange('other', 'fanout', ''), change([BC])];
      const both = { ...made, messages: [...made.messages, ...change([told]).messages] };
      expect(await store.ledger.commit({ token: term, changes: [both] })).toEqual({
        kind: 'committed',
        unpublished: [
          { message: both.messages[0], kind: 'no-subscribers', reason: 'the fanout exchange has no subscribers' },
        ],
      });
      await waitForSubscriber();
      expect(received).toEqual([['/2.other', 'm0']]);
      expect(await store.ledger.commit({ token: term, changes: [both] })).toEqual({ kind: 'committed' });
      expect(received).toHaveLength(1);
    });

    test('publishes nothing for a rejected commit', async () => {
      await listen('/2.*');
      const lost = toExchange('nowhere', 'direct', 'x');
      expect(await commit([BC, lost])).toMatchObject({ kind: 'store-rejected' });
      await inside.set('taken', 'by another type');
      expect(await commit([BC, toQueue('taken')])).toMatchObject({ kind: 'store-rejected' });
      await waitForSubscriber();
      expect(received).toEqual([]);
    });

    test('without permission to publish is rejected before anything is written', async () => {
      await listen('/2.*');
      await server.client.call(...['ACL', 'SETUSER', 'narrow', 'on', '>pw', '~*', '+@all', 'resetchannels', '&beat:*']);
      const url = server.url(2).replace('redis://', 'redis://narrow:pw@');
      const store = openRedisStore(storeOptions(url));
      stores.push(store);
      const term = await store.ledger.beginTerm();
      const outcome = await store.ledger.commit({ token: term, changes: [change([toQueue('celery'), BC])] });
      expect(outcome).toMatchObject({ kind: 'store-rejected' });
      expect(await lists()).toEqual([]);
      expect(await store.ledger.load()).toEqual(new Map());
    });

    test('without subscribers rejects a message of the outbox, which stays there and is retried', async () => {
      await listen('/2.other');
      const messages = [makeMessage('a', { destination: BC }), makeMessage('b')];
      const reason = 'the fanout exchange has no subscribers';
      expect(await open().broker.publish(messages)).toEqual([{ message: messages[0], reason }]);
      expect(await lists()).toEqual(['celery']);
    });
  });

  test('a broadcast queue is never declared, because workers bind their own', async () => {
    const queue = { ...makeBoundQueue('bc', 'bc', 'fanout', 'celery'), broadcast: true };
    const queues: Queues = configureQueues(queue);
    await commit([toExchange('bc', 'fanout', 'celery', 'bc')], { queues });
    expect(await members('bc')).toEqual([]);
  });
});
