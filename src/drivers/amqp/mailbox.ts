import type { Channel } from 'amqplib';
import type { Mailbox, MailboxOptions, Reply } from '../../broker/mailbox.ts';
import { markHandled } from '../../util/promise.ts';
import { Cluster, type Connected } from './cluster.ts';
import { toReceived } from './received.ts';

/** As Celery declares the queue of a node: RabbitMQ removes what lies in it after these times, milliseconds. */
const MESSAGE_TTL = 300_000;
const QUEUE_EXPIRES = 10_000;

/** Consumes a queue of this connection alone, bound to the fanout exchange. Throws a `ConfigError` for an invalid URL. */
export function openAmqpMailbox(options: MailboxOptions): Mailbox {
  const cluster = new Cluster('mailbox', options);
  return {
    async serve({ receive, connected, signal }) {
      const connection = await cluster.connect('serve');
      const { session } = connection;
      const ended = Promise.withResolvers<undefined>();
      markHandled(ended.promise);
      session.ended.catch(ended.reject);
      const stop = () => ended.resolve(undefined);
      signal.addEventListener('abort', stop, { once: true });
      try {
        const channel = await session.openChannel();
        channel.on('error', ended.reject);
        channel.on('close', () => ended.reject(new Error('RabbitMQ closed the channel')));
        await session.wait(declare(channel, options));
        const consuming = channel.consume(
          options.queue,
          (message) => {
            const reply = message && receive(toReceived(message));
            if (reply) send(channel, reply);
          },
          { noAck: true },
        );
        await session.wait(consuming);
        connected();
        if (!signal.aborted) await ended.promise;
      } catch (error) {
        throw fail(error as Error, connection);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    close: () => cluster.close(),
  };

  function fail(error: Error, connected: Connected): Error {
    return cluster.fail('serve', error, connected);
  }
}

async function declare(channel: Channel, { exchange, queue }: MailboxOptions): Promise<void> {
  await channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: false });
  await channel.assertQueue(queue, {
    ...{ durable: false, exclusive: true, autoDelete: true },
    ...{ messageTtl: MESSAGE_TTL, expires: QUEUE_EXPIRES },
  });
  await channel.bindQueue(queue, exchange, '');
}

function send(channel: Channel, { exchange, routingKey, headers, body }: Reply): void {
  const content = { contentType: 'application/json', contentEncoding: 'utf-8' };
  channel.publish(exchange, routingKey, body, { ...content, headers, deliveryMode: 1 });
}
