import type { Channel } from 'amqplib';
import type { Mailbox, MailboxOptions, Reply } from '../../contracts/broker/mailbox.ts';
import { Cluster } from './cluster.ts';
import { consumeTransient, type TransientQueue } from './transient-queue.ts';

/** As Celery declares the queue of a node. Milliseconds. */
const MESSAGE_TTL = 300_000;
const QUEUE_EXPIRES = 10_000;

/** Consumes a queue of this connection alone, bound to the fanout exchange. Throws a `ConfigError` for an invalid URL. */
export function openAmqpMailbox(options: MailboxOptions): Mailbox {
  const cluster = new Cluster('mailbox', options);
  const queue: TransientQueue = {
    name: options.queue,
    exchange: {
      ...{ name: options.exchange, type: 'fanout' },
      options: { durable: false, autoDelete: false },
    },
    ...{ bindingKey: '', messageTtl: MESSAGE_TTL, expires: QUEUE_EXPIRES },
  };
  return {
    serve: ({ receive, connected, signal }) =>
      consumeTransient(cluster, queue, {
        receive: (request, channel) => {
          const reply = receive(request);
          if (reply) send(channel, reply);
        },
        ...{ connected, signal },
      }),
    close: () => cluster.close(),
  };
}

function send(channel: Channel, { exchange, routingKey, headers, body }: Reply): void {
  const content = { contentType: 'application/json', contentEncoding: 'utf-8' };
  channel.publish(exchange, routingKey, body, { ...content, headers, deliveryMode: 1 });
}
