import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Consumer, Delivery } from '../../src/contracts/broker/consumer.ts';
import { openAmqpConsumer } from '../../src/drivers/amqp/consumer.ts';
import { openConsumer } from '../../src/drivers/open-consumer.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import { Proxy } from '../support/proxy.ts';
import { RedisServer } from '../support/redis.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { requireService } from '../support/services.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { Folder } from '../support/folder.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AclUser } from '../support/acl.ts';
import { makeMessage } from '../support/message.ts';
import { settle } from '../support/settle.ts';
import { consumerContract, type TestQueues } from './consumer.contract.ts';
import { forwardableClock, storeOptions } from './test-store.ts';

/** A consumer that renews leases every 10 s is dead after a minute. Milliseconds. */
const LEASE = 60_000;

async function openQueues(url: string, more: Partial<StoreOptions> = {}): Promise<TestQueues> {
  const clock = forwardableClock();
  const options = storeOptions(url, { clock, ...more });
  const store = await openStore(options);
  const consumers: Consumer[] = [];
  return {
    async open(...from) {
      const consumer = await openConsumer(options.broker, { ...options, from, prefetch: 10 });
      consumers.push(consumer);
      return consumer;
    },
    publish: async (messages) => void (await store.broker.publish(messages)),
    async kill(consumer) {
      await consumer.close();
      clock.forward(LEASE);
    },
    async close() {
      for (const consumer of consumers) await consumer.close();
      await store.close();
    },
  };
}

consumerContract('memory', () => openQueues(`memory://${randomUUID()}`));

consumerContract('sqlite', async () => {
  const folder = new Folder();
  const path = `${folder.path}/beat.sqlite`;
  const queues = await openQueues(`sqla+sqlite:///${path}`);
  return {
    ...queues,
    async publishGarbage(name) {
      await (await queues.open(name)).receive(AbortSignal.abort());
      await queues.publish([]);
      using db = new DatabaseSync(path);
      db.prepare('INSERT INTO kombu_queue (name) VALUES (?)').run(name);
      db.exec(
        `INSERT INTO kombu_message (visible, timestamp, payload, version, queue_id)
         SELECT 1, NULL, 'not JSON', 1, id FROM kombu_queue`,
      );
    },
    async close() {
      await queues.close();
      folder[Symbol.dispose]();
    },
  };
});

const missing = requireService('redis-server');
describe.skipIf(missing)(missing || 'redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const openRedisQueues = async (): Promise<TestQueues> => {
    await server.flush();
    const { client } = server;
    const queues = await openQueues(server.url());
    return {
      ...queues,
      publishGarbage: async (name) => void (await client.lpush(name, 'not JSON')),
      async kill(consumer) {
        await consumer.close();
        for (const tag of await client.zrange('unacked_index', '0', '-1')) {
          await client.zadd('unacked_index', '0', tag);
        }
      },
    };
  };
  consumerContract('redis', openRedisQueues);

  test('redis consumer: works with exactly the rights that docs/redis-rights.md lists', async () => {
    const queues = await openRedisQueues();
    const user = new AclUser(server, 'worker');
    const signal = new AbortController().signal;
    const { client } = server;
    const lost: string[] = [];
    for (const right of ['', ...user.commands]) {
      await server.flush();
      await queues.publish([makeMessage('a', { queue: 'shell' })]);
      await client.hset('unacked', 'beat-dead', '[{}, "", "shell"]');
      await client.zadd('unacked_index', '0', 'beat-dead');
      await user.set(...(right === '' ? [] : [right.replace('+', '-')]));
      const options = storeOptions(user.url());
      const consumer = await openConsumer(options.broker, { ...options, from: ['shell'], prefetch: 1 });
      const use = async () => {
        const delivery = (await consumer.receive(signal))!;
        await delivery.requeue();
        await (await consumer.receive(signal))!.ack();
      };
      const error = await use().then(
        () => null,
        (thrown: unknown) => thrown as Error,
      );
      await consumer.close();
      if (right === '') expect(error).toBeNull();
      const messages = (await client.llen('shell')) + (await client.hlen('unacked'));
      if (error && messages < 2) lost.push(right);
    }
    expect(lost).toEqual([]);
    await queues.close();
  });

  test('redis consumer: takes the messages of the first priority first', async () => {
    const queues = await openRedisQueues();
    const ofPriority = (priority: number) =>
      makeMessage(`of ${priority}`, { queue: 'red', priority, body: String(priority) });
    await queues.publish([9, 3, 0].map(ofPriority));
    const consumer = await queues.open('red');
    const bodies: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { message } = (await consumer.receive(new AbortController().signal))!;
      bodies.push(message!.body.toString());
    }
    expect(bodies).toEqual(['0', '3', '9']);
    await queues.close();
  });

  test('redis consumer: an unacknowledged message has the form that kombu restores', async () => {
    const queues = await openRedisQueues();
    await queues.publish([makeMessage('a', { queue: 'a "b", "", "c' })]);
    const consumer = await queues.open('a "b", "", "c');
    const delivery = (await consumer.receive(new AbortController().signal))!;
    const [[tag, stored]] = Object.entries(await server.client.hgetall('unacked')) as [[string, string]];
    const [envelope, exchange, routingKey] = JSON.parse(stored) as [object, string, string];
    expect(envelope).toMatchObject({ headers: delivery.message!.headers });
    expect([exchange, routingKey]).toEqual(['', 'a "b", "", "c']);
    expect(Number(await server.client.zscore('unacked_index', tag))).toBeGreaterThan(1.7e9);
    await delivery.requeue();
    expect(await server.client.exists('unacked', 'unacked_index')).toBe(0);
    expect(await server.client.llen('a "b", "", "c')).toBe(1);
    await queues.close();
  });

  test("redis consumer: leaves unacknowledged messages of Celery's workers to them", async () => {
    const queues = await openRedisQueues();
    await server.client.zadd('unacked_index', 0, 'tag');
    await server.client.hset('unacked', 'tag', '[{}, "", "red"]');
    await queues.publish([makeMessage('a', { queue: 'red' })]);
    const consumer = await queues.open('red');
    await (await consumer.receive(new AbortController().signal))!.ack();
    expect(await server.client.hgetall('unacked')).toEqual({ tag: '[{}, "", "red"]' });
    await queues.close();
  });
});

for (const { name, missing: withoutServer, start } of SQL_PRODUCTS) {
  describe.skipIf(withoutServer)(withoutServer || name, () => {
    let server: SqlServer;

    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    const openSqlQueues = async (): Promise<TestQueues> => {
      await server.empty();
      const queues = await openQueues(server.url());
      return {
        ...queues,
        async publishGarbage(queue) {
          await queues.publish([makeMessage('a', { queue })]);
          await server.query(`UPDATE kombu_message SET payload = 'not JSON'`);
        },
        async kill(consumer) {
          await consumer.close();
          await server.query('UPDATE beat_unacked SET expires_at = 0');
        },
      };
    };
    consumerContract(name, openSqlQueues);
  });
}

const withoutRabbit = requireService('rabbitmq-server');
describe.skipIf(withoutRabbit)(withoutRabbit || 'rabbitmq', () => {
  let server: RabbitNode;

  beforeAll(async () => {
    server = await borrowRabbit();
  });
  afterAll(() => server.stop());

  const openRabbitQueues = async (): Promise<TestQueues> => {
    await server.reset();
    const queues = await openQueues(server.url(), { state: parseEndpoint('memory://') });
    return { ...queues, kill: (consumer) => consumer.close() };
  };
  consumerContract('rabbitmq', openRabbitQueues);

  test('rabbitmq consumer: messages that wait for a cancelled consumer return to their queue', async () => {
    const queues = await openRabbitQueues();
    await queues.publish(['a', 'b'].map((id) => makeMessage(id, { queue: 'red', body: id })));
    const [first, second] = [await queues.open('red'), await queues.open('red')];
    const delivery = (await first.receive(new AbortController().signal))!;
    await first.cancel();
    const other = (await second.receive(new AbortController().signal))!;
    expect([delivery, other].map(({ message }) => message!.body.toString())).toEqual(['a', 'b']);
    expect([await delivery.ack(), await other.ack()]).toEqual([true, true]);
    await queues.close();
  });

  test('rabbitmq consumer: a message that waits for its ETA does not prevent the delivery of another', async () => {
    const queues = await openRabbitQueues();
    const ids = Array.from({ length: 11 }, (_, i) => `task-${i}`);
    await queues.publish(ids.map((id) => makeMessage(id, { queue: 'red', body: id })));
    const consumer = await queues.open('red');
    const { signal } = new AbortController();
    const open: Delivery[] = [];
    while (open.length < 10) open.push((await consumer.receive(signal))!);
    await open[0]!.suspend();
    const last = (await consumer.receive(signal))!;
    await open[0]!.resume();
    for (const delivery of [...open, last]) expect(await delivery.ack()).toBe(true);
    expect(last.message!.body.toString()).toBe('task-10');
    await queues.close();
  });

  test('rabbitmq consumer: the wait of a message for its ETA ends when RabbitMQ has cancelled its additional consumer', async () => {
    const queues = await openRabbitQueues();
    await queues.publish([makeMessage('a', { queue: 'red' })]);
    await using proxy = await Proxy.to(server.port);
    const options = storeOptions(server.url().replace(/:\d+/, `:${proxy.port}`));
    const consumer = openAmqpConsumer({ ...options, from: ['red'], prefetch: 1 });
    const delivery = (await consumer.receive(new AbortController().signal))!;
    await delivery.suspend();
    proxy.stall();
    let isResumed = false;
    const resuming = delivery.resume().then(() => (isResumed = true));
    await settle();
    expect(isResumed).toBe(false);
    proxy.flow();
    await resuming;
    expect(await delivery.ack()).toBe(true);
    await consumer.close();
    await queues.close();
  });

  test('rabbitmq consumer: cancelling fails if RabbitMQ does not answer', async () => {
    const queues = await openRabbitQueues();
    await queues.publish([makeMessage('a', { queue: 'red' })]);
    await using proxy = await Proxy.to(server.port);
    const options = storeOptions(server.url().replace(/:\d+/, `:${proxy.port}`));
    const consumer = openAmqpConsumer({ ...options, from: ['red'], prefetch: 1 }, 500);
    await consumer.receive(new AbortController().signal);
    const dropped = proxy.dropReplies();
    const cancelled = consumer.cancel();
    await dropped;
    await expect(cancelled).rejects.toThrow('RabbitMQ did not answer in 500 ms');
    await consumer.close();
    await queues.close();
  });

  test('rabbitmq consumer: after the connection was lost, a delivery has ended and arrives again', async () => {
    const queues = await openRabbitQueues();
    await queues.publish([makeMessage('a', { queue: 'red' })]);
    const consumer = await queues.open('red');
    const signal = new AbortController().signal;
    const lost = (await consumer.receive(signal))!;
    await server.control('close_all_connections', 'test');
    await server.reconnect();
    const received = async () => consumer.receive(signal).catch(() => null);
    const again = (await received()) ?? (await received());
    expect(await lost.ack()).toBe(false);
    expect(await again!.ack()).toBe(true);
    await queues.close();
  });
});
