import { randomUUID } from 'node:crypto';
import { aborted } from 'node:util';
import type { Channel } from 'amqplib';
import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import type { Mailbox, MailboxOptions } from '../../contracts/broker/mailbox.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { markHandled } from '../../util/promise.ts';
import { createCluster, type Cluster } from './cluster.ts';
import { toReceived } from './properties.ts';

/** A queue of one connection, which RabbitMQ deletes with the connection. */
const TRANSIENT = { durable: false, exclusive: true, autoDelete: true };

interface Receiver extends Pick<Parameters<EventStream['follow']>[0], 'connected' | 'signal'> {
  readonly receive: (message: ReceivedMessage, channel: Channel) => void;
}

/** Consumes a transient queue until the signal aborts. Rejects with a `StoreError` when the connection is lost. */
async function consumeTransient(
  cluster: Cluster,
  queue: string,
  declare: (channel: Channel) => Promise<unknown>,
  { receive, connected, signal }: Receiver,
): Promise<void> {
  const connection = await cluster.connect('serve');
  const { session } = connection;
  const failed = Promise.withResolvers<never>();
  markHandled(failed.promise);
  try {
    const channel = await session.openChannel();
    channel.on('error', failed.reject);
    channel.on('close', () => failed.reject(new Error('RabbitMQ closed the channel')));
    await session.wait(declare(channel));
    const consuming = channel.consume(
      queue,
      (message) => {
        if (message) receive(toReceived(message), channel);
        else failed.reject(new Error('RabbitMQ deleted the queue'));
      },
      { noAck: true },
    );
    await session.wait(consuming);
    connected();
    await Promise.race([failed.promise, session.ended, aborted(signal, session)]);
  } catch (error) {
    throw cluster.fail('serve', error as Error, connection);
  }
}

/** Consumes a queue of its own that is bound to all task events; worker events have other routing keys. */
export function openAmqpEventStream(options: EventStreamOptions): EventStream {
  const { exchange, queuePrefix } = options;
  let cluster: Cluster | null = null;
  return {
    async follow(following) {
      const own = (cluster = createCluster('task-events', options));
      const queue = `${queuePrefix}.${randomUUID()}`;
      // As Celery declares the queue of a receiver of events.
      const declare = async (channel: Channel) => {
        await channel.assertExchange(exchange, 'topic', { durable: true });
        await channel.assertQueue(queue, { ...TRANSIENT, messageTtl: 5_000, expires: 60_000 });
        await channel.bindQueue(queue, exchange, 'task.#');
      };
      await consumeTransient(own, queue, declare, following).finally(() => own.close());
    },
    close: async () => cluster?.close(),
  };
}

/** Consumes a queue of its own that is bound to the fanout exchange. Throws a `ConfigError` for an invalid URL. */
export function openAmqpMailbox(options: MailboxOptions): Mailbox {
  const { queue, exchange } = options;
  const cluster = createCluster('mailbox', options);
  // As Celery declares the queue of a node.
  const declare = async (channel: Channel) => {
    await channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: false });
    await channel.assertQueue(queue, { ...TRANSIENT, messageTtl: 300_000, expires: 10_000 });
    await channel.bindQueue(queue, exchange, '');
  };
  return {
    serve: ({ receive, connected, signal }) =>
      consumeTransient(cluster, queue, declare, {
        receive: (request, channel) => {
          const reply = receive(request);
          if (reply) {
            const { exchange, routingKey, headers, body } = reply;
            const content = { contentType: 'application/json', contentEncoding: 'utf-8' };
            channel.publish(exchange, routingKey, body, { ...content, headers, deliveryMode: 1 });
          }
        },
        connected,
        signal,
      }),
    close: () => cluster.close(),
  };
}
