import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker, Rejection, BrokerOptions } from '../../src/contracts/broker/broker.ts';
import { openAmqpBroker } from '../../src/drivers/amqp/broker.ts';
import {
  DEFAULT_CONNECTION,
  DEFAULT_TRANSPORT,
  type TlsSettings,
} from '../../src/contracts/broker/connection-settings.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';
import { makeMessage } from '../support/message.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { certificate } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { brokerContract } from './broker.contract.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('rabbitmq-server');

describe.skipIf(missing)(missing || 'rabbitmq', () => {
  let server: RabbitNode;
  const brokers: Broker[] = [];

  const open = (options: Partial<BrokerOptions> = {}): Broker => {
    const broker = openAmqpBroker(storeOptions(server.url(), options));
    brokers.push(broker);
    return broker;
  };
  const close = async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
  };
  const ids = async (queue: string) =>
    (await server.consumeAll(queue)).map(({ properties }) => properties.correlationId as string);

  beforeAll(async () => {
    server = await borrowRabbit();
  });
  afterAll(() => server.stop());

  brokerContract('rabbitmq', async () => {
    await server.empty();
    return {
      open: async () => ({ broker: open() }),
      queued: async (queue) =>
        (await server.consumeAll(queue)).map(({ content, properties }) => ({
          taskId: String(properties.correlationId),
          body: content.toString(),
        })),
      close,
    };
  });

  describe('as Celery publishes', () => {
    beforeEach(() => server.empty());
    afterEach(close);

    test('a message has the properties, headers and bytes that workers know', async () => {
      const headers = {
        lang: 'js',
        task: 'tasks.add',
        id: 'a',
        eta: null,
        retries: 0,
        timelimit: [null, 2.5],
        stamps: {},
        'x-team': 'blé',
        big: 2 ** 40,
        flag: true,
        nested: { list: [1, [-300, { deep: null }]] },
      };
      const message = {
        ...makeMessage('a', { priority: 7, body: '[["é"], {}, {}]' }),
        headers,
        properties: {
          correlation_id: 'a',
          reply_to: 'me',
          expiration: '60000',
          priority: 7,
          delivery_mode: 1 as const,
        },
      };
      await open().publish([message]);
      const [taken] = await server.consumeAll('celery');
      expect(taken?.content.toString()).toBe('[["é"], {}, {}]');
      expect(taken?.properties).toMatchObject({
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        headers,
        correlationId: 'a',
        replyTo: 'me',
        deliveryMode: 1,
        priority: 7,
        expiration: '60000',
      });
      expect(taken?.fields).toMatchObject({ exchange: '', routingKey: 'celery' });
    });

    test('its queue is durable, and bound to a durable direct exchange of its name', async () => {
      await open().publish([makeMessage('a', { queue: 'reports' })]);
      const control = (...what: string[]) => server.control('--silent', ...what);
      const exchanges = await control('list_exchanges', 'name', 'type', 'durable');
      expect(exchanges).toMatch(/^reports\tdirect\ttrue$/m);
      const queues = await control('list_queues', 'name', 'durable', 'auto_delete', 'arguments');
      expect(queues).toMatch(/^reports\ttrue\tfalse\t\[\]$/m);
      const bindings = await control('list_bindings', 'source_name', 'destination_name', 'routing_key');
      expect(bindings).toMatch(/^reports\treports\treports$/m);
    });

    test('an expiry beyond the range of AMQP is only in the header', async () => {
      const message = makeMessage('a');
      const properties = { ...message.properties, expiration: String(100 * 86_400_000) };
      await open().publish([{ ...message, properties }, makeMessage('b')]);
      expect(await ids('celery')).toEqual(['a', 'b']);
    });

    test('amqps:// is encrypted and trusts only configured certificates', async () => {
      const brokerUrl = `amqps://guest:guest@localhost:${server.tlsPort}//`;
      await expect(open({ server: parseEndpoint(brokerUrl) }).publish([makeMessage('a')])).rejects.toThrow(
        /self-signed/,
      );
      const trusting = `${brokerUrl}?ssl_ca_certs=${encodeURIComponent(certificate)}`;
      await open({ server: parseEndpoint(trusting) }).publish([makeMessage('b')]);
      expect(await ids('celery')).toEqual(['b']);
    });

    test('amqp:// is encrypted with broker_use_ssl', async () => {
      const brokerUrl = `amqp://guest:guest@127.0.0.1:${server.tlsPort}//`;
      const connectionWith = (tls: TlsSettings) => ({ ...DEFAULT_CONNECTION, tls });
      const untrusting = open({ server: parseEndpoint(brokerUrl), connection: connectionWith({}) });
      await expect(untrusting.publish([makeMessage('a')])).rejects.toThrow(/self-signed/);
      const tls = { caCerts: certificate, serverHostname: 'localhost' };
      await open({ server: parseEndpoint(brokerUrl), connection: connectionWith(tls) }).publish([makeMessage('b')]);
      expect(await ids('celery')).toEqual(['b']);
    });

    test('the login uses the configured method', async () => {
      const connection = { ...DEFAULT_CONNECTION, login: 'AMQPLAIN' as const };
      await open({ connection }).publish([makeMessage('a')]);
      const brokerUrl = `${server.url()}?login_method=EXTERNAL`;
      await expect(open({ server: parseEndpoint(brokerUrl) }).publish([makeMessage('b')])).rejects.toThrow(/EXTERNAL/);
      const mechanisms = await server.control('--silent', 'list_connections', 'auth_mechanism');
      expect(mechanisms).toContain('AMQPLAIN');
      expect(await ids('celery')).toEqual(['a']);
    });

    test('the connection has the configured name and properties', async () => {
      const clientProperties = { team: 'nightly' };
      const transport = { ...DEFAULT_TRANSPORT, clientName: 'schedule', clientProperties };
      await open({ transport }).publish([makeMessage('a')]);
      const said = await server.control('--silent', 'list_connections', 'client_properties');
      expect(said).toMatch(/"connection_name","schedule"/);
      expect(said).toMatch(/"team","nightly"/);
    });

    test('messages of a higher priority are first in a queue with priorities', async () => {
      const broker = open({ queues: new Queues({ ...DEFAULT_RULES, maxPriority: 10 }) });
      await broker.publish([0, 9, 4, 0, 9].map((priority, i) => makeMessage(`${i}`, { priority })));
      expect(await ids('celery')).toEqual(['1', '4', '2', '0', '3']);
    });

    test('queues are quorum queues where the configuration sets that type', async () => {
      const queues = new Queues({ ...DEFAULT_RULES, defaultType: 'quorum' });
      const broker = open({ queues });
      await broker.publish([makeMessage('a'), makeMessage('b', { queue: 'reports' })]);
      const list = await server.control('--silent', 'list_queues', 'name', 'type');
      expect(list).toMatch(/^celery\t.*quorum/m);
      expect(list).toMatch(/^reports\t.*classic/m);
      expect(await ids('celery')).toEqual(['a']);
    });
  });

  describe('when a queue rejects a message', () => {
    beforeEach(() => server.empty());
    afterEach(close);

    test('a queue with other arguments is named, and delays no other queue', async () => {
      const channel = await server.admin.createChannel();
      await channel.assertQueue('old', { durable: true, maxPriority: 5 });
      await channel.close();
      const messages = ['old', 'celery', 'old'].map((queue, i) => makeMessage(`${i}`, { queue }));
      const { rejected, reasons } = await rejections(open().publish(messages));
      expect(rejected.map(({ message }) => message)).toEqual([messages[0], messages[2]]);
      expect(reasons).toContain("inequivalent arg 'x-max-priority'");
      expect(reasons).toContain('taskQueueMaxPriority');
      expect(await ids('celery')).toEqual(['1']);
      expect(await ids('old')).toEqual([]);
    });

    test('after the queue is repaired, the same connection publishes to it', async () => {
      const channel = await server.admin.createChannel();
      await channel.assertQueue('old', { durable: true, maxPriority: 5 });
      const broker = open();
      await rejections(broker.publish([makeMessage('a', { queue: 'old' })]));
      await channel.deleteQueue('old');
      await channel.close();
      await broker.publish([makeMessage('a', { queue: 'old' })]);
      expect(await ids('old')).toEqual(['a']);
    });

    test('without declarations, a missing queue is named', async () => {
      const broker = open({ declareQueues: false });
      const channel = await server.admin.createChannel();
      await channel.assertQueue('theirs', { durable: true, maxLength: 10 });
      await channel.close();
      const messages = ['theirs', 'nowhere'].map((queue) => makeMessage(queue, { queue }));
      const { rejected } = await rejections(broker.publish(messages));
      expect(rejected).toEqual([{ message: messages[1], reason: 'there is no such queue' }]);
      expect(await ids('theirs')).toEqual(['theirs']);
      expect(await server.control('--silent', 'list_queues', 'name')).not.toContain('nowhere');
    });

    test('a queue that was deleted is declared again', async () => {
      const broker = open();
      await broker.publish([makeMessage('a')]);
      await server.empty();
      const messages = [makeMessage('b'), makeMessage('c', { queue: 'other' }), makeMessage('d')];
      await broker.publish(messages);
      expect(await ids('celery')).toEqual(['b', 'd']);
      expect(await ids('other')).toEqual(['c']);
    });

    test('a queue that is full is named', async () => {
      const channel = await server.admin.createChannel();
      const full = { durable: true, maxLength: 1, overflow: 'reject-publish' };
      await channel.assertQueue('full', full);
      await channel.close();
      const broker = open({ declareQueues: false });
      const messages = ['a', 'b'].map((id) => makeMessage(id, { queue: 'full' }));
      await broker.publish(messages.slice(0, 1));
      const { rejected, reasons } = await rejections(broker.publish(messages.slice(1)));
      expect(rejected).toMatchObject([{ message: { taskId: 'b' } }]);
      expect(reasons).toMatch(/rejected/);
      expect(await ids('full')).toEqual(['a']);
    });

    test('a header that AMQP cannot encode is reported, and delays no other message', async () => {
      const long = { ...makeMessage('long'), headers: { text: 'x'.repeat(70_000) } };
      const { rejected } = await rejections(open().publish([long, makeMessage('a')]));
      expect(rejected).toMatchObject([{ message: { taskId: 'long' } }]);
      expect(await ids('celery')).toEqual(['a']);
    });
  });
});

/** What the broker rejected of these messages, of which it rejects some. */
async function rejections(publishing: Promise<readonly Rejection[]>) {
  const rejected = await publishing;
  expect(rejected).not.toEqual([]);
  return { rejected, reasons: rejected.map(({ reason }) => reason).join('; ') };
}
