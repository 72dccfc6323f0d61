import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAmqpBroker } from '../../src/drivers/amqp/broker.ts';
import type { Broker, BrokerOptions } from '../../src/contracts/broker/broker.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { DEFAULT_CONNECTION } from '../../src/contracts/broker/connection-settings.ts';
import { createExchange, createQueue, type Queue } from '../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { makeMessage } from '../support/message.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('rabbitmq-server') || requireCelery(NEWEST);

const topic = createExchange('jobs', 'topic');
const quorum: Queue = { ...createQueue('work', topic, 'jobs.#'), arguments: { 'x-queue-type': 'quorum' } };

/** What a worker of Celery does about it when it starts: kombu's own functions. */
const AS_A_WORKER = `
import sys
from kombu import Connection, Exchange, Queue
from kombu.transport.native_delayed_delivery import (
    bind_queue_to_native_delayed_delivery_exchange as bind,
    declare_native_delayed_delivery_exchanges_and_queues as declare)
with Connection(sys.argv[1]) as connection:
    declare(connection, sys.argv[2])
    bind(connection, Queue('work', Exchange('jobs', type='topic'), routing_key='jobs.#',
                           queue_arguments={'x-queue-type': 'quorum'}))
`;

describe.skipIf(missing)(missing || 'rabbitmq, messages with an ETA and quorum queues', () => {
  let server: RabbitNode;
  const brokers: Broker[] = [];

  const open = (configured: readonly Queue[], options: Partial<BrokerOptions> = {}): Broker => {
    const queues = new Queues({ ...DEFAULT_RULES, configured });
    const broker = openAmqpBroker(storeOptions(server.url(), { queues, ...options }));
    brokers.push(broker);
    return broker;
  };
  const asAWorker = async (type: string) => {
    const { python } = findCelery(NEWEST)!;
    await promisify(execFile)(python, ['-c', AS_A_WORKER, server.url(), type]);
  };
  const delayed = (id: string, seconds: number, exchange = 'jobs') => {
    const destination = { queue: 'work', exchange, exchangeType: topic.type, routingKey: 'jobs.mail' };
    const message = makeMessage(id, { destination });
    const eta = new Date(systemClock.now() + seconds * 1_000).toISOString();
    return { ...message, headers: { ...message.headers, eta } };
  };
  /** Consumes that many messages, with the time at which each arrived. */
  const arrivals = async (queue: string, count: number) => {
    const channel = await server.admin.createChannel();
    const came: { id: string; at: number; key: string }[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    await channel.consume(
      queue,
      (message) => {
        const { properties, fields } = message!;
        came.push({ id: String(properties.correlationId), at: systemClock.now(), key: fields.routingKey });
        if (came.length === count) resolve(undefined);
      },
      { noAck: true },
    );
    await promise;
    await channel.close();
    return came;
  };

  beforeAll(async () => void (server = await borrowRabbit()));
  afterAll(() => server.stop());
  beforeEach(() => server.reset());
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
  });

  test('before any worker has started, a message waits in RabbitMQ until its ETA', async () => {
    const start = systemClock.now();
    await open([quorum]).publish([delayed('a', 3.5), delayed('b', 0.5)]);
    const came = await arrivals('work', 2);
    expect(came.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(came[0]!.key).toBe('jobs.mail');
    expect(came[1]!.key).toMatch(/^(0\.){26}1\.1\.jobs\.mail$/);
    expect(came[1]!.at - start).toBeGreaterThanOrEqual(3_000);
  });

  test.each(['quorum', 'classic'] as const)('beat and workers declare the same delay queues (%s)', async (type) => {
    const connection = { ...DEFAULT_CONNECTION, delayedType: type };
    await open([quorum], { connection }).publish([delayed('a', 1.5)]);
    await asAWorker(type);
    await server.reset();
    await open([quorum]).publish([makeMessage('b', { queue: 'work' })]);
    await asAWorker(type);
    await open([quorum], { connection }).publish([delayed('c', 1.5)]);
    const came = await arrivals('work', 2);
    expect(came.map(({ id }) => id)).toEqual(['b', 'c']);
  });

  test('an existing delay queue of another type is used', async () => {
    await open([quorum]).publish([makeMessage('a', { queue: 'work' })]);
    await asAWorker('classic');
    await open([quorum]).publish([delayed('b', 1.5)]);
    const came = await arrivals('work', 2);
    expect(came[1]!.id).toBe('b');
    expect(came[1]!.key).toMatch(/1\.jobs\.mail$/);
  });

  test.each([
    ['none is a quorum queue', [createQueue('work', topic, 'jobs.#')], {}],
    ['beat declares no queues', [quorum], { declareQueues: false }],
    ['the configuration has no queue for it', [quorum], {}],
  ] as const)('where %s, a worker receives the message and waits for its ETA', async (_, described, options) => {
    const channel = await server.admin.createChannel();
    await channel.assertExchange('jobs', 'topic');
    await channel.assertExchange('else', 'topic');
    const made = described[0] === quorum ? { arguments: quorum.arguments } : {};
    await channel.assertQueue('work', made);
    await channel.bindQueue('work', 'jobs', 'jobs.#');
    await channel.bindQueue('work', 'else', '#');
    await channel.close();
    const unknown = _.startsWith('the configuration has no');
    const message = delayed('a', 60, unknown ? 'else' : 'jobs');
    const destination = { ...message.destination, queue: unknown ? null : 'work' };
    await open(described, options).publish([{ ...message, destination }]);
    const [came] = await arrivals('work', 1);
    expect(came).toMatchObject({ id: 'a', key: 'jobs.mail' });
  });
});
