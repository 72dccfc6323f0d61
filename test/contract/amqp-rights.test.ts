import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAmqpBroker } from '../../src/drivers/amqp/broker.ts';
import type { Broker } from '../../src/contracts/broker/broker.ts';
import { toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('rabbitmq-server');

describe.skipIf(missing)(missing || 'rabbitmq, users without a permission', () => {
  let server: RabbitNode;
  let broker: Broker;

  beforeAll(async () => {
    server = await borrowRabbit();
    await server.control('add_user', 'narrow', 'pw');
  });
  beforeEach(() => server.empty());
  afterEach(() => broker.close());
  afterAll(() => server.stop());

  const allow = async (configure: string, write: string) => {
    await server.control('set_permissions', 'narrow', configure, write, '.*');
    const url = new URL(server.url());
    url.username = 'narrow';
    url.password = 'pw';
    broker = openAmqpBroker(storeOptions(url.href));
  };
  const refusals = async (...messages: ReturnType<typeof makeMessage>[]) => {
    const rejected = await broker.publish(messages);
    return rejected.map(({ message, reason }) => `${message.taskId}: ${reason}`);
  };

  test('without permission to declare a queue its messages are rejected, and others are published once', async () => {
    await allow('^celery$', '.*');
    const found = await refusals(makeMessage('a'), makeMessage('b', { queue: 'other' }));
    expect(found).toEqual([expect.stringMatching(/^b: .*'other'.*user 'narrow'.*grant the configure permission/)]);
    expect(await server.consumeAll('celery')).toHaveLength(1);
  });

  test('without permission to write to an exchange no attempt publishes anything', async () => {
    await allow('.*', '^celery$');
    for (let i = 0; i < 3; i++) {
      const found = await refusals(makeMessage('a'), makeMessage('b'));
      expect(found).toHaveLength(2);
      expect(found[0]).toMatch(/amq.default.*user 'narrow'.*grant the write permission/);
    }
    expect(await server.consumeAll('celery')).toEqual([]);
  });

  test('messages to an exchange without write permission delay none to another', async () => {
    await allow('.*', '^(amq.default|celery)$');
    const destination = toExchange('amq.direct', 'direct', 'x');
    const found = await refusals(makeMessage('a'), makeMessage('b', { destination }), makeMessage('c'));
    expect(found).toEqual([expect.stringMatching(/^b: .*'amq.direct'/)]);
    expect(await server.consumeAll('celery')).toHaveLength(2);
  });
});
