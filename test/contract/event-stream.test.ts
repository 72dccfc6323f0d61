import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import type { EventStream } from '../../src/contracts/broker/event-stream.ts';
import { openEventStream } from '../../src/drivers/open-consumer.ts';
import type { Message } from '../../src/celery/message/message.ts';
import { AclUser } from '../support/acl.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { Journal } from '../support/journal.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const SETTINGS = { exchange: 'celeryev', queuePrefix: 'celeryev' };

async function open(
  url: string,
  { transport = {}, ...settings }: Partial<typeof SETTINGS> & { transport?: object } = {},
): Promise<EventStream> {
  const options = { ...storeOptions(url), ...SETTINGS, ...settings };
  const all = { ...options, transport: { ...options.transport, ...transport } };
  return (await openEventStream(options.broker, all))!;
}

/** Receives events until it is disposed. */
class Receiver implements AsyncDisposable {
  readonly bodies = new Journal<string>();
  readonly done: Promise<void>;
  readonly #stream: EventStream;
  readonly #stop = new AbortController();
  readonly #connected = Promise.withResolvers<undefined>();

  constructor(stream: EventStream) {
    this.#stream = stream;
    this.done = stream.follow({
      receive: ({ body, contentType }) => this.bodies.add(`${contentType} ${body.toString()}`),
      connected: () => this.#connected.resolve(undefined),
      signal: this.#stop.signal,
    });
  }

  static async start(stream: EventStream): Promise<Receiver> {
    const receiver = new Receiver(stream);
    await Promise.race([receiver.#connected.promise, receiver.done]);
    return receiver;
  }

  /** Ends as a term does. The stream may be followed again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => {});
    await this.#stream.close();
  }
}

const noRedis = requireService('redis-server');
describe.skipIf(noRedis)(noRedis || 'redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  /** Publishes to a channel as kombu does. */
  const publish = (channel: string, text: string) => server.client.publish(channel, encodeEnvelope(event(text), 'tag'));
  const event = (text: string): Message => ({
    taskId: '',
    headers: {},
    body: Buffer.from(text),
    priority: 0,
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    destination: { queue: null, exchange: 'celeryev', exchangeType: 'fanout', routingKey: '' },
    properties: { delivery_mode: 1, priority: 0 },
  });

  test('redis: a receiver gets the events of tasks, alone and several at once, and no other events', async () => {
    await using receiver = await Receiver.start(await open(server.url()));
    await publish('/0.celeryev/worker.heartbeat', 'heartbeat');
    await publish('/1.celeryev/task.multi', 'another database');
    await publish('/0.celeryev/task.multi', 'several');
    await server.client.publish('/0.celeryev/task.multi', 'no envelope');
    await publish('/0.celeryev/task.succeeded', 'one');
    await receiver.bodies.first('one', (body) => body.endsWith('one'));
    expect(receiver.bodies.all).toEqual(['application/json several', 'application/json one']);
  });

  test('redis: the channel has the global prefix and the fanout prefix; without patterns there is one', async () => {
    const transport = { globalKeyprefix: 'shop:', fanoutPrefix: 'fan{db}.', fanoutPatterns: false };
    const stream = await open(server.url(2), { exchange: 'shop[ev]*', transport });
    await using receiver = await Receiver.start(stream);
    await publish('shop:fan2.shope', 'a pattern would match it');
    await publish('shop:fan2.shop[ev]*', 'ours');
    await receiver.bodies.first('ours', (body) => body.endsWith('ours'));
    expect(receiver.bodies.all).toEqual(['application/json ours']);
  });

  test('redis: a stream that has ended can be followed again, and leaves no connection', async () => {
    const connections = async () => {
      const list = String(await server.client.client('LIST'));
      return list.split('\n').filter((line) => line.includes('name=beat-task-events')).length;
    };
    const before = await connections();
    const stream = await open(server.url());
    const first = await Receiver.start(stream);
    expect(await connections()).toBe(before + 1);
    await first.stop();
    await using again = await Receiver.start(stream);
    await publish('/0.celeryev/task.multi', 'again');
    await again.bodies.first('again', (body) => body.endsWith('again'));
    expect(first.bodies.all).toEqual([]);
    expect(await connections()).toBe(before + 1);
  });

  test('redis: a lost connection ends it with the reason', async () => {
    await using receiver = await Receiver.start(await open(server.url()));
    await server.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect(receiver.done).rejects.toThrow(/^task-events.serve: no connection to Redis/);
  });

  test('redis: a user with the documented rights receives them; without, the error names the right', async () => {
    const user = new AclUser(server, 'events');
    await user.set();
    expect(user.commands).toEqual(['+psubscribe']);
    {
      await using receiver = await Receiver.start(await open(user.url()));
      await publish('/0.celeryev/task.multi', 'allowed');
      await receiver.bodies.first('allowed', (body) => body.endsWith('allowed'));
    }
    await user.set('resetchannels', '&/0.other');
    const channel = new Receiver(await open(user.url()));
    await expect(channel.done).rejects.toThrow('user "events" may not run PSUBSCRIBE on "/0.celeryev/task.*"');
    await channel[Symbol.asyncDispose]();
    await user.set('-psubscribe');
    const command = new Receiver(await open(user.url()));
    await expect(command.done).rejects.toThrow('user "events" may not run PSUBSCRIBE');
    await command[Symbol.asyncDispose]();
  });
});

const noRabbit = requireService('rabbitmq-server');
describe.skipIf(noRabbit)(noRabbit || 'rabbitmq', () => {
  let server: RabbitNode;
  beforeAll(async () => {
    server = await borrowRabbit();
  });
  afterAll(() => server.stop());

  const publish = async (routingKey: string, text: string, exchange = 'celeryev') => {
    const channel = await server.admin.createConfirmChannel();
    channel.publish(exchange, routingKey, Buffer.from(text), { contentType: 'application/json' });
    await channel.waitForConfirms();
    await channel.close();
  };
  const queues = async () =>
    (await server.control('list_queues', '-q', '--no-table-headers', 'name'))
      .split('\n')
      .filter((name) => /ev\.[\da-f-]{36}$/.test(name));

  test('rabbitmq: a receiver gets the events of tasks, and no other events', async () => {
    await using receiver = await Receiver.start(await open(server.url()));
    await publish('worker.heartbeat', 'heartbeat');
    await publish('task.multi', 'several');
    await publish('task.succeeded', 'one');
    await receiver.bodies.first('one', (body) => body.endsWith('one'));
    expect(receiver.bodies.all).toEqual(['application/json several', 'application/json one']);
  });

  test('rabbitmq: its queue has the configured prefix, and is deleted at the end', async () => {
    const stream = await open(server.url(), { exchange: 'shopev', queuePrefix: 'shop.ev' });
    const first = await Receiver.start(stream);
    const [queue] = await queues();
    expect(queue).toMatch(/^shop\.ev\./);
    await first.stop();
    expect(await queues()).toEqual([]);
    await using again = await Receiver.start(stream);
    await publish('task.multi', 'again', 'shopev');
    await again.bodies.first('again', (body) => body.endsWith('again'));
  });

  test('rabbitmq: a deleted queue, or a lost connection, ends it with the reason', async () => {
    await using first = await Receiver.start(await open(server.url()));
    const [queue] = await queues();
    await server.control('delete_queue', queue!);
    await expect(first.done).rejects.toThrow(/RabbitMQ deleted the queue/);
    await using second = await Receiver.start(await open(server.url()));
    await server.control('close_all_connections', 'maintenance');
    await expect(second.done).rejects.toThrow(/^task-events.serve: the connection to RabbitMQ ended/);
    await server.reconnect();
  });

  test('rabbitmq: a user with the documented permissions receives them; without them, the error names the exchange', async () => {
    const doc = readFileSync(join(import.meta.dirname, '../../docs/outcomes.md'), 'utf8');
    const [, ...patterns] = /set_permissions events '(.+)' '(.+)' '(.+)'/.exec(doc)!;
    expect(patterns).toHaveLength(3);
    await server.control('add_user', 'events', 'pw');
    await server.control('set_permissions', 'events', ...patterns);
    const url = new URL(server.url());
    url.username = 'events';
    url.password = 'pw';
    {
      await using receiver = await Receiver.start(await open(url.href));
      await publish('task.multi', 'allowed');
      await receiver.bodies.first('allowed', (body) => body.endsWith('allowed'));
    }
    await server.control('set_permissions', 'events', '^$', '.*', '.*');
    const refused = new Receiver(await open(url.href));
    await expect(refused.done).rejects.toThrow("access to exchange 'celeryev' in vhost '/' refused for user 'events'");
    await refused[Symbol.asyncDispose]();
  });
});
