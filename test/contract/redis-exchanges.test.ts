import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import { toQueue, type Destination } from '../../src/message/destination.ts';
import type { Queues } from '../../src/routing/queues.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { NEW_STATE, advanceState } from '../support/change.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { forwardableClock, storeOptions } from './place.ts';

const SEP = '\x06\x16';
const BROADCAST = 'bcast.1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const missing = requireService('redis-server');

/** What kombu's workers and beat have to agree upon beyond the lists of queues. */
describe.skipIf(missing)(missing || 'exchanges in Redis', () => {
  let server: RedisServer;
  let inside: Redis;
  const stores: Store[] = [];

  const open = (options: Partial<StoreOptions> = {}, db = 2): Store => {
    const store = openRedisStore(storeOptions(server.url(db), options));
    stores.push(store);
    return store;
  };
  const change = (destinations: readonly Destination[], priority = 0) => ({
    ...{ entry: 'e', before: null, after: advanceState(NEW_STATE, 'e') },
    messages: destinations.map((destination, i) => makeMessage(`m${i}`, { destination, priority })),
  });
  const commit = async (
    destinations: readonly Destination[],
    options: Partial<StoreOptions> = {},
    priority = 0,
  ) => {
    const { ledger } = open(options);
    return ledger.commit({
      token: await ledger.beginTerm(),
      changes: [change(destinations, priority)],
    });
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

  test('a message goes to every queue that workers have bound, as kombu would find them', async () => {
    await bind('media', ['video', '', 'one'], ['video', '', 'two'], ['audio', '', 'three']);
    await bind('media', ['v.#', String.raw`^v.*?$`, 'four']);
    expect(await commit([toExchange('media', 'direct', 'video')], {}, 5)).toEqual({
      kind: 'committed',
    });
    expect(await lists()).toEqual(['four', 'one', 'two'].map((queue) => `${queue}${SEP}3`));
    const [one] = await inside.lrange(`one${SEP}3`, 0, -1);
    const [two] = await inside.lrange(`two${SEP}3`, 0, -1);
    const read = (envelope = '') => JSON.parse(envelope) as { properties: Record<string, unknown> };
    expect(read(one).properties['delivery_info']).toEqual({
      ...{ exchange: 'media', routing_key: 'video' },
    });
    expect(read(one).properties['delivery_tag']).not.toBe(read(two).properties['delivery_tag']);
  });

  test('one that is both described and bound by workers gets it once', async () => {
    await bind('jobs', ['work', '', 'one']);
    const queues = configureQueues(makeBoundQueue('one', 'jobs', 'direct', 'work'));
    await commit([toExchange('jobs', 'direct', 'work')], { queues });
    expect(await inside.llen('one')).toBe(1);
  });

  test('queues are declared with all of their bindings, and a prefix before each', async () => {
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

  test('bindings of a queue are declared for a message to its name, also behind one from an exchange', async () => {
    await bind('jobs', ['key', '', 'one']);
    const queues = configureQueues(makeBoundQueue('one', 'more', 'direct', 'work'));
    await commit([toExchange('jobs', 'direct', 'key'), toQueue('one')], { queues });
    expect(await inside.llen('one')).toBe(2);
    expect(await members('more')).toEqual([['work', '', 'one']]);
  });

  test('what others make is not declared', async () => {
    const queue = { ...makeBoundQueue('one', 'jobs', 'direct', 'work'), noDeclare: true };
    await commit([toExchange('jobs', 'direct', 'work')], { queues: configureQueues(queue) });
    expect(await members('jobs')).toEqual([]);
    expect(await lists()).toEqual(['one']);
  });

  test('a fanout exchange that is taken for another is told by what workers have bound', async () => {
    await bind('bc', ['celery', '', BROADCAST]);
    expect(await commit([toExchange('bc', 'direct', 'celery')])).toEqual({
      kind: 'store-rejected',
      reason: expect.stringMatching(/exchange "bc" .*say exchangeType 'fanout'$/) as unknown,
    });
    expect(await lists()).toEqual([]);
  });

  describe('a fanout exchange', () => {
    const BC = toExchange('bc', 'fanout', 'celery');
    let ear: Redis;
    let heard: [channel: string, id: string][];

    const listen = async (pattern: string) => {
      ear = server.client.duplicate();
      heard = [];
      ear.on('pmessage', (_, channel: string, envelope: string) => {
        const { headers } = JSON.parse(envelope) as { headers: { id: string } };
        heard.push([channel, headers.id]);
      });
      await ear.psubscribe(pattern);
    };
    afterEach(() => ear.disconnect());

    /** What a subscriber was told before this answer, it has heard. */
    const settled = () => ear.ping();

    test('is told on the channel that workers listen to, together with what goes to queues', async () => {
      await listen('/2.bc/celery');
      expect(await commit([toQueue('celery'), BC, BC])).toEqual({ kind: 'committed' });
      await settled();
      expect(heard).toEqual([
        ['/2.bc/celery', 'm1'],
        ['/2.bc/celery', 'm2'],
      ]);
      expect(await lists()).toEqual(['celery']);
    });

    test('follows the prefix, and the transport options of its channels', async () => {
      await listen('app_*');
      const transport = {
        ...DEFAULT_TRANSPORT,
        globalKeyprefix: 'app_',
        fanoutPrefix: '/x{db}.',
        fanoutPatterns: false,
      };
      await commit([BC], { transport });
      await settled();
      expect(heard).toEqual([['app_/x2.bc', 'm0']]);
    });

    test('is told by whatever key workers have bound: it looks at none', async () => {
      await bind('bc', ['celery', '', BROADCAST], ['jobs', '', 'named'], ['x.#', '', 'patterned']);
      await listen('/2.bc/*');
      for (const key of ['', 'foo', 'x.y']) {
        heard = [];
        expect(await commit([toExchange('bc', 'fanout', key)])).toEqual({ kind: 'committed' });
        await settled();
        const channels = heard.map(([channel]) => channel);
        expect(channels).toEqual(expect.arrayContaining(['/2.bc/celery', '/2.bc/jobs']));
        expect(channels.filter((channel) => channel.startsWith('/2.bc/x.'))).toHaveLength(1);
        await inside.del('beat:records');
      }
    });

    test('reaches those who share its configuration, though their bindings were lost', async () => {
      await listen('/2.bc/news');
      const broadcast = { ...makeBoundQueue('bc', 'bc', 'fanout', 'news'), broadcast: true };
      await commit([toExchange('bc', 'fanout', '')], { queues: configureQueues(broadcast) });
      await settled();
      expect(heard).toEqual([['/2.bc/news', 'm0']]);
    });

    test('is what a queue means that nobody has described and workers have bound as broadcast', async () => {
      await bind('everyone', ['celery', '', BROADCAST], ['everyone', '', 'everyone']);
      await listen('/2.*');
      expect(await commit([toQueue('everyone'), toQueue('celery')])).toEqual({ kind: 'committed' });
      await settled();
      expect(heard).toContainEqual(['/2.everyone/celery', 'm0']);
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
      await settled();
      expect(heard).toEqual([['/2.everyone/celery', 'c']]);
      expect(await inside.llen('everyone')).toBe(2);
    });

    test('may be unreadable to this user: a queue of that name is then one like others', async () => {
      await server.client.call(
        ...['ACL', 'SETUSER', 'blind', 'on', '>pw', '~*', '+@all', '-smembers', '&*'],
      );
      const url = server.url(2).replace('redis://', 'redis://blind:pw@');
      const store = openRedisStore(storeOptions(url));
      stores.push(store);
      await listen('/2.*');
      await store.broker.publish([makeMessage('a')]);
      expect(await lists()).toEqual(['celery']);
    });

    test('that nobody hears is committed all the same, and said so', async () => {
      await listen('/2.other');
      const store = open();
      const term = await store.ledger.beginTerm();
      const [told, made] = [toExchange('other', 'fanout', ''), change([BC])];
      const both = { ...made, messages: [...made.messages, ...change([told]).messages] };
      expect(await store.ledger.commit({ token: term, changes: [both] })).toEqual({
        kind: 'committed',
        unpublished: [
          {
            message: both.messages[0],
            kind: 'no-subscribers',
            reason: 'the fanout exchange has no subscribers',
          },
        ],
      });
      await settled();
      expect(heard).toEqual([['/2.other', 'm0']]);
      expect(await store.ledger.commit({ token: term, changes: [both] })).toEqual({
        kind: 'committed',
      });
      expect(heard).toHaveLength(1);
    });

    test('is told of nothing by a commit that is declined', async () => {
      await listen('/2.*');
      const lost = toExchange('nowhere', 'direct', 'x');
      expect(await commit([BC, lost])).toMatchObject({ kind: 'store-rejected' });
      await inside.set('taken', 'by another type');
      expect(await commit([BC, toQueue('taken')])).toMatchObject({ kind: 'store-rejected' });
      await settled();
      expect(heard).toEqual([]);
    });

    test('that this user may not speak to is declined before anything is written', async () => {
      await listen('/2.*');
      await server.client.call(
        ...['ACL', 'SETUSER', 'narrow', 'on', '>pw', '~*', '+@all', 'resetchannels', '&beat:*'],
      );
      const url = server.url(2).replace('redis://', 'redis://narrow:pw@');
      const store = openRedisStore(storeOptions(url));
      stores.push(store);
      const term = await store.ledger.beginTerm();
      const outcome = await store.ledger.commit({
        token: term,
        changes: [change([toQueue('celery'), BC])],
      });
      expect(outcome).toMatchObject({ kind: 'store-rejected' });
      expect(await lists()).toEqual([]);
      expect(await store.ledger.load()).toEqual(new Map());
    });

    test('rejects a message without subscribers where the ledger is elsewhere: it stays in the outbox, and is tried again', async () => {
      await listen('/2.other');
      const messages = [makeMessage('a', { destination: BC }), makeMessage('b')];
      const reason = 'the fanout exchange has no subscribers';
      expect(await open().broker.publish(messages)).toEqual([{ message: messages[0], reason }]);
      expect(await lists()).toEqual(['celery']);
    });
  });

  test('a queue of broadcasts is never declared: workers bind their own', async () => {
    const queue = { ...makeBoundQueue('bc', 'bc', 'fanout', 'celery'), broadcast: true };
    const queues: Queues = configureQueues(queue);
    await commit([toExchange('bc', 'fanout', 'celery', 'bc')], { queues });
    expect(await members('bc')).toEqual([]);
  });
});
