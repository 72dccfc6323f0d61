import { createHash } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import { decodeSqsBody } from '../../src/celery/kombu/sqs.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';
import type { Broker, BrokerOptions } from '../../src/contracts/broker/broker.ts';
import type { Consumer } from '../../src/contracts/broker/consumer.ts';
import { DEFAULT_SQS, DEFAULT_TRANSPORT, type SqsOptions } from '../../src/contracts/broker/connection-settings.ts';
import { openSqsBroker } from '../../src/drivers/sqs/broker.ts';
import { openSqsConsumer } from '../../src/drivers/sqs/consumer.ts';
import { omit } from '../../src/util/keys.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { makeMessage } from '../support/message.ts';
import { requireSqs, SqsServer, type SqsRequest } from '../support/sqs.ts';
import { brokerContract } from './broker.contract.ts';
import { consumerContract } from './consumer.contract.ts';
import { storeOptions } from './test-store.ts';

const missing = requireSqs();

describe.skipIf(missing)(missing || 'sqs', () => {
  let server: SqsServer;
  const brokers: Broker[] = [];
  const consumers: Consumer[] = [];

  const withSqs = (sqs: Partial<SqsOptions>) => ({
    transport: { ...DEFAULT_TRANSPORT, sqs: { ...DEFAULT_SQS, ...sqs } },
  });
  const open = (options: Partial<BrokerOptions> = {}, url = server.url()): Broker => {
    const broker = openSqsBroker(storeOptions(url, options));
    brokers.push(broker);
    return broker;
  };
  const openConsumer = (from: readonly string[]) => {
    const consumer = openSqsConsumer({ ...storeOptions(server.url(), withSqs({ waitTime: 1 })), from, prefetch: 1 });
    consumers.push(consumer);
    return consumer;
  };
  const close = async () => {
    await Promise.all([...consumers.splice(0), ...brokers.splice(0)].map((each) => each.close()));
  };
  const ids = async (queue: string) => (await server.consumeTasks(queue)).map(({ taskId }) => taskId);
  /** A clock without pauses, for retries. */
  const hasty = { ...systemClock, sleep: async () => {} };

  beforeAll(async () => {
    server = await SqsServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.empty());
  afterEach(close);

  brokerContract('sqs', async () => ({
    open: async () => ({ broker: open() }),
    queued: (queue) => server.consumeTasks(queue),
    close,
    unusualQueue: 'a.b-c_1{}:/*',
    // One request for each queue: standard queues have no order.
    manyMessages: 30,
  }));

  consumerContract('sqs', async () => ({
    open: async (...from) => openConsumer(from),
    publish: async (messages) => void (await open().publish(messages)),
    async publishGarbage(QueueName) {
      const { QueueUrl } = await server.admin.send(new CreateQueueCommand({ QueueName }));
      await server.admin.send(new SendMessageCommand({ QueueUrl, MessageBody: 'not JSON' }));
    },
    async kill(consumer) {
      await consumer.close();
      await server.releaseAll();
    },
    close,
  }));

  describe('as kombu publishes', () => {
    test('a queue is created with the attributes, the tags and the name that kombu gives it', async () => {
      const sqs = { queueNamePrefix: 'shop.', queueTags: { team: 'blue' }, creationAttributes: { DelaySeconds: '3' } };
      await open(withSqs(sqs)).publish([makeMessage('a', { queue: 'a.b:c.fifo' })]);
      const name = 'shop-a-b_c.fifo';
      const create = server.requests.find(({ operation }) => operation === 'CreateQueue');
      expect(create?.input).toEqual({
        QueueName: name,
        Attributes: { VisibilityTimeout: '1800', FifoQueue: 'true', DelaySeconds: '3' },
        tags: { team: 'blue' },
      });
      const get = new GetQueueAttributesCommand({ QueueUrl: server.queueUrl(name), AttributeNames: ['All'] });
      expect((await server.admin.send(get)).Attributes).toMatchObject({ FifoQueue: 'true', VisibilityTimeout: '1800' });
    });

    test('a message is base64 of the envelope, or the envelope itself', async () => {
      await open().publish([makeMessage('a')]);
      await open(withSqs({ base64: false })).publish([makeMessage('b', { body: '["é"]' })]);
      const bodies = (await server.consumeAll('celery')).map(({ Body }) => Body!);
      expect(bodies[0]).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(bodies[1]).toMatch(/^{"body":/);
      expect(bodies.map((body) => decodeEnvelope(decodeSqsBody(body))?.headers['id'])).toEqual(['a', 'b']);
    });

    test('delays and groups are those of the properties', async () => {
      const withProperties = (id: string, properties: object, queue?: string) => {
        const message = makeMessage(id, queue === undefined ? {} : { queue });
        return { ...message, properties: { ...message.properties, ...properties } };
      };
      await open().publish([
        withProperties('a', { DelaySeconds: 5, MessageGroupId: 'tenant' }),
        withProperties('b', { delay_seconds: 1_000 }),
        withProperties('c', { DelaySeconds: 5, MessageGroupId: 'g', MessageDeduplicationId: 'd' }, 'in-order.fifo'),
        withProperties('d', {}, 'in-order.fifo'),
      ]);
      // Requests for different queues have no order.
      const queueOf = ({ input }: SqsRequest) => String(input['QueueUrl']);
      const sent = server.requests
        .filter(({ operation }) => operation === 'SendMessageBatch')
        .sort((a, b) => queueOf(a).localeCompare(queueOf(b)));
      const entries = sent.flatMap(({ input }) => input['Entries'] as Record<string, unknown>[]);
      const shown = entries.map((entry) => omit(entry, ['Id', 'MessageBody']));
      expect(shown).toEqual([
        { DelaySeconds: 5, MessageGroupId: 'tenant' },
        { DelaySeconds: 900 },
        { MessageGroupId: 'g', MessageDeduplicationId: 'd' },
        { MessageGroupId: 'default', MessageDeduplicationId: 'd' },
      ]);
    });

    test('hundreds of messages are published by requests at the same time', async () => {
      const all = Array.from({ length: 300 }, (_, i) => `${i}`);
      expect(await open().publish(all.map((id) => makeMessage(id)))).toEqual([]);
      expect((await ids('celery')).sort()).toEqual(all.toSorted());
    });

    test('a FIFO queue drops a repeat, and has the order of publishing', async () => {
      const messages = Array.from({ length: 25 }, (_, i) => makeMessage(`${i}`, { queue: 'in-order.fifo' }));
      const broker = open();
      expect(await broker.publish(messages)).toEqual([]);
      expect(await open().publish(messages)).toEqual([]);
      expect(await ids('in-order.fifo')).toEqual(messages.map(({ taskId }) => taskId));
    });

    test('predefined queues have their own URLs and credentials, and SQS is not asked for them', async () => {
      for (const QueueName of ['theirs', 'other']) await server.admin.send(new CreateQueueCommand({ QueueName }));
      const predefinedQueues = { celery: { url: server.queueUrl('theirs'), accessKeyId: 'own', secretAccessKey: 'k' } };
      const messages = [makeMessage('a'), makeMessage('b', { queue: 'celeri' })];
      const rejected = await open(withSqs({ predefinedQueues })).publish(messages);
      expect(rejected).toEqual([
        { message: messages[1], reason: 'predefined_queues has no "celeri"; did you mean "celery"?' },
      ]);
      expect(await ids('theirs')).toEqual(['a']);
      expect(server.requests.map(({ operation }) => operation)).toEqual(['SendMessageBatch']);
    });
  });

  describe('when SQS rejects a message', () => {
    test('without declarations, a missing queue is named, and others get their messages', async () => {
      await server.admin.send(new CreateQueueCommand({ QueueName: 'theirs' }));
      const messages = ['theirs', 'nowhere'].map((queue) => makeMessage(queue, { queue }));
      const rejected = await open({ declareQueues: false }).publish(messages);
      expect(rejected).toEqual([{ message: messages[1], reason: 'there is no such queue' }]);
      expect(await ids('theirs')).toEqual(['theirs']);
    });

    test('a queue that was deleted is created again', async () => {
      const broker = open();
      await broker.publish([makeMessage('a')]);
      await server.admin.send(new DeleteQueueCommand({ QueueUrl: server.queueUrl('celery') }));
      expect(await broker.publish([makeMessage('b'), makeMessage('c')])).toEqual([]);
      expect(await ids('celery')).toEqual(['b', 'c']);
    });

    test('only the messages that are too long are rejected', async () => {
      // Base64 in base64: 590,000 bytes become more than 1 MiB, 400,000 become 711 KB.
      const parts = [100, 590_000, 400_000, 400_000, 100].map((length) => 'x'.repeat(length));
      const messages = parts.map((body, i) => makeMessage(`${i}`, { body }));
      const rejected = await open().publish(messages);
      expect(rejected.map(({ message }) => message.taskId)).toEqual(['1']);
      expect(rejected[0]!.reason).toMatch(/^it has 102\d KiB as a message of SQS, which accepts 1024/);
      expect((await ids('celery')).sort()).toEqual(['0', '2', '3', '4']);
    });

    test('a limit of the server that is lower is found by halves', async () => {
      server.fault = ({ operation, input }) => {
        const entries = (input['Entries'] ?? []) as { MessageBody: string }[];
        const bytes = entries.reduce((sum, { MessageBody }) => sum + MessageBody.length, 0);
        if (operation !== 'SendMessageBatch' || bytes <= 262_144) return null;
        return {
          status: 400,
          type: 'BatchRequestTooLong',
          message: 'Batch requests cannot be longer than 262144 bytes.',
        };
      };
      const parts = [100, 200_000, 100_000, 100_000, 100].map((length) => 'x'.repeat(length));
      const rejected = await open().publish(parts.map((body, i) => makeMessage(`${i}`, { body })));
      expect(rejected.map(({ message }) => message.taskId)).toEqual(['1']);
      expect(rejected[0]!.reason).toMatch(/BatchRequestTooLong/);
      expect((await ids('celery')).sort()).toEqual(['0', '2', '3', '4']);
    });

    test('of a batch, rejected messages are rejected, and those that SQS could not accept are sent again', async () => {
      let attempts = 0;
      const md5 = (text: string) => createHash('md5').update(text).digest('hex');
      server.fault = ({ operation, input }) => {
        if (operation !== 'SendMessageBatch' || ++attempts > 1) return null;
        const [a, b, c] = input['Entries'] as { Id: string; MessageBody: string }[];
        const Successful = [{ Id: a!.Id, MessageId: 'm', MD5OfMessageBody: md5(a!.MessageBody) }];
        const rejected = { Id: b!.Id, SenderFault: true, Code: 'InvalidMessageContents', Message: 'no' };
        const busy = { Id: c!.Id, SenderFault: false, Code: 'InternalError', Message: 'later' };
        return { status: 200, body: { Successful, Failed: [rejected, busy] } };
      };
      const rejected = await open({ clock: hasty }).publish(['a', 'b', 'c'].map((id) => makeMessage(id)));
      expect(rejected).toMatchObject([
        { message: { taskId: 'b' }, reason: 'SQS rejected it: InvalidMessageContents: no' },
      ]);
      expect(await ids('celery')).toEqual(['c']);
      expect(attempts).toBe(2);
    });

    test('messages that an answer of SQS omits are not confirmed', async () => {
      server.fault = ({ operation }) => (operation === 'SendMessageBatch' ? { status: 200, body: {} } : null);
      const failed = open({ clock: hasty }).publish([makeMessage('a')]);
      await expect(failed).rejects.toThrow(
        'SQS did not accept 1 messages for queue "celery": SQS did not confirm them',
      );
    });

    test('a message without a bound queue is rejected', async () => {
      const destination = { queue: null, exchange: 'x', exchangeType: 'topic' as const, routingKey: 'k' };
      const message = makeMessage('a', { destination });
      const rejected = await open({ queues: new Queues(DEFAULT_RULES) }).publish([message]);
      expect(rejected).toEqual([{ message, reason: 'no queue in taskQueues is bound to it' }]);
    });
  });

  describe('when the outcome is unknown', () => {
    const sending = (fault: object) => {
      server.fault = ({ operation }) => (operation === 'SendMessageBatch' ? fault : null);
    };

    test.each([
      ['500', { status: 500, type: 'InternalError' }, /^broker.publish: no answer of SQS: InternalError: injected/],
      ['503', { status: 503 }, /^broker.publish: no answer of SQS: ServiceUnavailable/],
      ['throttling', { status: 400, type: 'ThrottlingException' }, /^broker.publish: SQS throttles requests/],
      ['a dropped reply', { drops: true, executes: true }, /^broker.publish: no answer of SQS: socket hang up/],
    ])('%s is retried, and then reported as unreachable', async (_name, fault, error) => {
      const broker = open({ clock: hasty });
      sending(fault);
      const failed = broker.publish([makeMessage('a')]);
      await expect(failed).rejects.toThrow(error);
      await expect(failed).rejects.toMatchObject({ name: 'StoreError', unreachable: { server: 'SQS' } });
      expect(server.requests.filter(({ operation }) => operation === 'SendMessageBatch')).toHaveLength(3);
      server.fault = () => null;
      expect(await broker.publish([makeMessage('a')])).toEqual([]);
      expect(new Set(await ids('celery'))).toEqual(new Set(['a']));
    });

    test('an emulator that was killed is unreachable, and the next publish creates its queue again', async () => {
      const broker = open({ clock: hasty });
      await broker.publish([makeMessage('a')]);
      await server.kill();
      await expect(broker.publish([makeMessage('b')])).rejects.toMatchObject({ unreachable: { server: 'SQS' } });
      await server.restart();
      expect(await broker.publish([makeMessage('b')])).toEqual([]);
      expect(await ids('celery')).toEqual(['b']);
    });

    test.each(['ExpiredToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch'])(
      '%s names the credentials',
      async (type) => {
        sending({ status: 403, type });
        const failed = open().publish([makeMessage('a')]);
        await expect(failed).rejects.toThrow(`AWS does not accept the credentials: ${type}: injected; renew them`);
        await expect(failed).rejects.not.toThrow('secret');
      },
    );

    test('a queue with expired credentials of its own does not stop the others', async () => {
      for (const QueueName of ['celery', 'other']) await server.admin.send(new CreateQueueCommand({ QueueName }));
      const predefinedQueues = {
        celery: { url: server.queueUrl('celery') },
        other: { url: server.queueUrl('other'), accessKeyId: 'own', secretAccessKey: 'k' },
      };
      server.fault = ({ input }) =>
        String(input['QueueUrl']).endsWith('other') ? { status: 403, type: 'ExpiredToken' } : null;
      const messages = [makeMessage('a'), makeMessage('b', { queue: 'other' })];
      const rejected = await open(withSqs({ predefinedQueues })).publish(messages);
      expect(rejected.map(({ message }) => message.taskId)).toEqual(['b']);
      expect(rejected[0]!.reason).toMatch(/credentials/);
      expect(await ids('celery')).toEqual(['a']);
    });
  });
});
