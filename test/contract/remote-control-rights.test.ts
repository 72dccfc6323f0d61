import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import type { Mailbox } from '../../src/contracts/broker/mailbox.ts';
import { openMailbox } from '../../src/drivers/open-consumer.ts';
import { buildRevoke } from '../../src/celery/message/task-sent.ts';
import { AclUser } from '../support/acl.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const REPLIES = 'reply.celery.pidbox';
const QUEUE = `oid.${REPLIES}`;

async function open(url: string): Promise<Mailbox> {
  const options = { ...storeOptions(url), exchange: 'celery.pidbox' };
  return (await openMailbox(options.broker, { ...options, queue: 'beat@host.1.celery.pidbox' }))!;
}

/** Receives one request, which `send` sends once the mailbox is connected, and replies to it. */
async function answerOne(mailbox: Mailbox, send: () => unknown, findReply: () => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const headers = { ticket: 'ticket-1', clock: 1 };
  const reply = { exchange: REPLIES, routingKey: 'oid', headers, body: Buffer.from('{}') };
  const answered = Promise.withResolvers<undefined>();
  const connected = Promise.withResolvers<undefined>();
  const serving = mailbox.serve({
    receive: () => (answered.resolve(undefined), reply),
    connected: () => connected.resolve(undefined),
    signal: stop.signal,
  });
  await Promise.race([connected.promise, serving]);
  send();
  await Promise.race([answered.promise, serving]);
  await Promise.race([findReply(), serving]);
  stop.abort();
  await serving;
  await mailbox.close();
}

const noRedis = requireService('redis-server');
describe.skipIf(noRedis)(noRedis || 'redis', () => {
  test('redis: a user with the documented rights receives requests of remote control and replies', async () => {
    await using server = await RedisServer.start();
    const user = new AclUser(server, 'control');
    await user.set();
    const { client } = server;
    await client.sadd(`_kombu.binding.${REPLIES}`, `oid\x06\x16\x06\x16${QUEUE}`);
    const request = encodeEnvelope(buildRevoke(['a'], 'celery'), 'tag');
    await answerOne(
      await open(user.url()),
      () => client.publish('/0.celery.pidbox', request),
      () => client.blpop(QUEUE, 0),
    );
    const missing = user.commands.map((command) => `-${command.slice(1)}`);
    expect(missing).toEqual(['-subscribe', '-smembers', '-lpush']);
    await user.set('-subscribe');
    const mailbox = await open(user.url());
    const { signal } = new AbortController();
    const serving = mailbox.serve({ receive: () => null, connected: () => {}, signal });
    await expect(serving).rejects.toThrow(/subscribe/);
    await mailbox.close();
  });

  test('redis: the connections of remote control have names in the list of clients until they are closed', async () => {
    await using server = await RedisServer.start();
    const { client } = server;
    await client.sadd(`_kombu.binding.${REPLIES}`, `oid\x06\x16\x06\x16${QUEUE}`);
    const request = encodeEnvelope(buildRevoke(['a'], 'celery'), 'tag');
    const findReply = async () => {
      await client.blpop(QUEUE, 0);
      const names = String(await client.client('LIST')).matchAll(/ name=(beat-[\w-]+) /g);
      expect(Array.from(names, ([, name]) => name).toSorted()).toEqual(['beat-mailbox', 'beat-replies']);
    };
    await answerOne(await open(server.url()), () => client.publish('/0.celery.pidbox', request), findReply);
    // The mailbox is closed now.
    await vi.waitFor(async () => expect(String(await client.client('LIST'))).not.toContain(' name=beat-'));
  });
});

const noRabbit = requireService('rabbitmq-server');
describe.skipIf(noRabbit)(noRabbit || 'rabbitmq', () => {
  let server: RabbitNode;
  beforeAll(async () => {
    server = await borrowRabbit();
  });
  afterAll(() => server.stop());

  test('rabbitmq: a user with the documented permissions receives requests of remote control and replies', async () => {
    const doc = readFileSync(join(import.meta.dirname, '../../docs/remote-control.md'), 'utf8');
    const [, ...patterns] = /set_permissions control '(.+)' '(.+)' '(.+)'/.exec(doc)!;
    expect(patterns).toHaveLength(3);
    await server.control('add_user', 'control', 'pw');
    await server.control('set_permissions', 'control', ...patterns);
    const url = new URL(server.url());
    url.username = 'control';
    url.password = 'pw';
    const channel = await server.admin.createChannel();
    await channel.assertExchange(REPLIES, 'direct', { durable: false });
    await channel.assertQueue(QUEUE, { durable: false });
    await channel.bindQueue(QUEUE, REPLIES, 'oid');
    const arrived = Promise.withResolvers<undefined>();
    await channel.consume(QUEUE, () => arrived.resolve(undefined), { noAck: true });
    const { body, headers } = buildRevoke(['a'], 'celery');
    await answerOne(
      await open(url.href),
      () => channel.publish('celery.pidbox', '', body, { headers, contentType: 'application/json' }),
      () => arrived.promise,
    );
    await channel.close();
    await server.control('set_permissions', 'control', '^$', '.*', '.*');
    const mailbox = await open(url.href);
    const { signal } = new AbortController();
    const serving = mailbox.serve({ receive: () => null, connected: () => {}, signal });
    await expect(serving).rejects.toThrow("access to exchange 'celery.pidbox' in vhost '/' refused for user 'control'");
    await mailbox.close();
  });
});
