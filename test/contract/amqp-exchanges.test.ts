import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAmqpBroker } from '../../src/drivers/amqp/broker.ts';
import type { Broker, Rejection, BrokerOptions } from '../../src/contracts/broker/broker.ts';
import type { Message } from '../../src/celery/message/message.ts';
import type { Destination, ExchangeType } from '../../src/celery/message/destination.ts';
import { createExchange, createQueue, type Queue } from '../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';
import { makeMessage } from '../support/message.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('rabbitmq-server');

const to = (exchange: string, type: ExchangeType, routingKey = '', queue: string | null = null) => ({
  queue,
  exchange,
  exchangeType: type,
  routingKey,
});
const sentTo = (id: string, destination: Destination) => makeMessage(id, { destination });

describe.skipIf(missing)(missing || 'rabbitmq, exchanges', () => {
  let server: RabbitNode;
  const brokers: Broker[] = [];

  const open = (described: readonly Queue[] = [], options: Partial<BrokerOptions> = {}): Broker => {
    const queues = new Queues({ ...DEFAULT_RULES, configured: described });
    const broker = openAmqpBroker(storeOptions(server.url(), { queues, ...options }));
    brokers.push(broker);
    return broker;
  };
  const ids = async (queue: string) =>
    (await server.consumeAll(queue)).map(({ properties }) => properties.correlationId as string);
  const list = (...what: string[]) => server.control('--silent', ...what);

  beforeAll(async () => void (server = await borrowRabbit()));
  afterAll(() => server.stop());
  beforeEach(() => server.reset());
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
  });

  test('a configured queue is declared with its exchanges, bindings and arguments', async () => {
    const jobs = { ...createExchange('jobs', 'topic'), durable: false, autoDelete: true };
    const shout = createExchange('shout', 'fanout');
    const queue: Queue = {
      ...createQueue('work', jobs, 'jobs.#'),
      bindings: [
        { exchange: jobs, routingKey: 'jobs.#', arguments: {} },
        { exchange: shout, routingKey: '', arguments: {} },
      ],
      durable: false,
      autoDelete: true,
      arguments: { 'x-message-ttl': 60_000, 'x-max-length': 100 },
    };
    const messages = [
      sentTo('a', to('jobs', 'topic', 'jobs.mail.send', 'work')),
      sentTo('b', to('shout', 'fanout')),
      makeMessage('c', { queue: 'work' }),
    ];
    await open([queue]).publish(messages);
    const exchanges = await list('list_exchanges', 'name', 'type', 'durable', 'auto_delete');
    expect(exchanges).toMatch(/^jobs\ttopic\tfalse\ttrue$/m);
    expect(exchanges).toMatch(/^shout\tfanout\ttrue\tfalse$/m);
    const queues = await list('list_queues', 'name', 'durable', 'auto_delete', 'arguments');
    expect(queues).toMatch(/^work\tfalse\ttrue\t.*x-message-ttl.*60000/m);
    expect(queues).toMatch(/x-max-length.*100/);
    const bindings = await list('list_bindings', 'source_name', 'destination_name', 'routing_key');
    expect(bindings).toMatch(/^jobs\twork\tjobs\.#$/m);
    expect((await ids('work')).sort()).toEqual(['a', 'b', 'c']);
  });

  test('all configured queues of an exchange are declared before the first message', async () => {
    const topic = createExchange('news', 'topic');
    const described = [createQueue('all', topic, '#'), createQueue('sport', topic, 'sport.*')];
    const message = sentTo('a', to('news', 'topic', 'sport.chess'));
    await open(described).publish([message, sentTo('b', to('news', 'topic', 'culture'))]);
    expect((await ids('all')).sort()).toEqual(['a', 'b']);
    expect(await ids('sport')).toEqual(['a']);
  });

  test('a headers exchange routes by the headers of the message', async () => {
    const exchange = createExchange('by-headers', 'headers');
    const queue: Queue = {
      ...createQueue('blue', exchange, ''),
      bindings: [{ exchange, routingKey: '', arguments: { 'x-match': 'all', colour: 'blue' } }],
    };
    const blue = sentTo('a', to('by-headers', 'headers', '', 'blue'));
    const red = sentTo('b', to('by-headers', 'headers', '', 'blue'));
    const coloured = (message: Message, colour: string) => ({ ...message, headers: { ...message.headers, colour } });
    const publishing = open([queue]).publish([coloured(blue, 'blue'), coloured(red, 'red')]);
    const { rejected } = await rejections(publishing);
    expect(rejected).toMatchObject([{ message: { taskId: 'b' }, reason: 'no queue is bound to it by such headers' }]);
    expect(await ids('blue')).toEqual(['a']);
  });

  test('a missing exchange is named, and delays no other message', async () => {
    const broker = open();
    const lost = sentTo('a', to('nowhere', 'direct', 'key'));
    const { rejected, reasons } = await rejections(broker.publish([lost, makeMessage('b'), lost]));
    expect(rejected.map(({ message }) => message)).toEqual([lost, lost]);
    expect(reasons).toContain('there is no such exchange');
    expect(await ids('celery')).toEqual(['b']);

    const channel = await server.admin.createChannel();
    await channel.assertExchange('nowhere', 'direct');
    await channel.assertQueue('found');
    await channel.bindQueue('found', 'nowhere', 'key');
    await channel.close();
    await broker.publish([lost]);
    expect(await ids('found')).toEqual(['a']);
  });

  test.each([
    ['fanout', 'no queue is bound to it'],
    ['topic', 'no queue is bound to it by that routing key'],
  ] as const)('a message that a %s exchange routes to no queue is rejected with the reason', async (type, reason) => {
    const channel = await server.admin.createChannel();
    await channel.assertExchange('empty', type);
    await channel.close();
    const message = sentTo('a', to('empty', type, 'some.key'));
    const { rejected } = await rejections(open().publish([message]));
    expect(rejected).toEqual([{ message, reason }]);
  });

  test('only the exchange of a broadcast queue is declared, because workers declare their own queues', async () => {
    const exchange = createExchange('everyone', 'fanout');
    const broadcast = { ...createQueue('everyone', exchange, 'celery'), broadcast: true };
    const message = sentTo('a', to('everyone', 'fanout', 'celery', 'everyone'));
    const { rejected } = await rejections(open([broadcast]).publish([message]));
    expect(rejected).toEqual([{ message, reason: 'no queue is bound to it' }]);
    expect(await list('list_exchanges', 'name', 'type')).toMatch(/^everyone\tfanout$/m);
    expect(await list('list_queues', 'name')).not.toContain('everyone');
  });

  test('an existing exchange of another type is named with its setting', async () => {
    const channel = await server.admin.createChannel();
    await channel.assertExchange('jobs', 'direct');
    await channel.close();
    const queue = createQueue('work', createExchange('jobs', 'topic'), 'jobs.#');
    const { reasons } = await rejections(open([queue]).publish([makeMessage('a', { queue: 'work' })]));
    expect(reasons).toContain("inequivalent arg 'type' for exchange 'jobs'");
    expect(reasons).toContain('taskQueues ("work")');
  });

  test('an exchange that the user may not write to is named with RabbitMQ’s reason', async () => {
    await server.control('add_user', 'shy', 'secret');
    await server.control('set_permissions', 'shy', '.*', '^(?!private).*', '.*');
    const channel = await server.admin.createChannel();
    await channel.assertExchange('private', 'direct');
    await channel.close();
    const brokerUrl = server.url().replace('guest:guest', 'shy:secret');
    const broker = open([], { server: parseEndpoint(brokerUrl) });
    const lost = sentTo('a', to('private', 'direct', 'key'));
    const { rejected, reasons } = await rejections(broker.publish([lost, makeMessage('b')]));
    expect(rejected).toMatchObject([{ message: lost }]);
    expect(reasons).toContain('ACCESS_REFUSED');
    expect(await ids('celery')).toEqual(['b']);
  });

  test('only the message that RabbitMQ finds invalid is rejected', async () => {
    const signed = (id: string, user: string) => {
      const message = makeMessage(id);
      return { ...message, properties: { ...message.properties, user_id: user } };
    };
    const messages = [signed('a', 'guest'), signed('b', 'other-user'), makeMessage('c'), makeMessage('d')];
    const { rejected, reasons } = await rejections(open().publish(messages));
    expect(rejected.map(({ message }) => message.taskId)).toEqual(['b']);
    expect(reasons).toContain('user_id');
    expect([...new Set(await ids('celery'))].sort()).toEqual(['a', 'c', 'd']);
  });

  test('events reach their subscribers, and an exchange of another type is reported', async () => {
    const event = sentTo('a', to('celeryev', 'topic', 'task.sent'));
    const broker = open();
    await broker.announce([event]);
    expect(await list('list_exchanges', 'name', 'type', 'durable')).toMatch(/^celeryev\ttopic\ttrue$/m);
    const channel = await server.admin.createChannel();
    await channel.assertQueue('listener');
    await channel.bindQueue('listener', 'celeryev', '#');
    await channel.assertExchange('other', 'fanout');
    await channel.close();
    await broker.announce([event]);
    expect(await ids('listener')).toEqual(['a']);
    const wrong = broker.announce([sentTo('b', to('other', 'topic', 'task.sent'))]);
    await expect(wrong).rejects.toThrow(/broker\.announce: exchange "other" cannot be declared/);
    await broker.publish([makeMessage('c')]);
    expect(await ids('celery')).toEqual(['c']);
  });

  test('without declarations, an event for a missing exchange is dropped silently', async () => {
    const broker = open([], { declareQueues: false });
    await broker.announce([sentTo('a', to('celeryev', 'topic', 'task.sent'))]);
    expect(await list('list_exchanges', 'name')).not.toContain('celeryev');
  });
});

/** What the broker rejected of these messages, of which it rejects some. */
async function rejections(publishing: Promise<readonly Rejection[]>) {
  const rejected = await publishing;
  expect(rejected).not.toEqual([]);
  return { rejected, reasons: rejected.map(({ reason }) => reason).join('; ') };
}
