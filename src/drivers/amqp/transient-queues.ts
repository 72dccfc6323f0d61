import { randomUUID } from 'node:crypto';
import type { Channel, Options } from 'amqplib';
import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import type { Mailbox, MailboxOptions, Reply } from '../../contracts/broker/mailbox.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { markHandled } from '../../util/promise.ts';
import { Cluster } from './cluster.ts';
import { toReceived } from './properties.ts';

/** A queue of one connection, which RabbitMQ deletes with the connection. Times are in milliseconds. */
interface TransientQueue {
  readonly name: string;
  readonly exchange: {
    readonly name: string;
    readonly type: 'fanout' | 'topic';
    readonly options: Options.AssertExchange;
  };
  readonly bindingKey: string;
  /** How long a message waits at most. */
  readonly messageTtl: number;
  /** How long the queue exists without a consumer. */
  readonly expires: number;
}

interface ConsumeOptions {
  readonly receive: (message: ReceivedMessage, channel: Channel) => void;
  readonly connected: () => void;
  readonly signal: AbortSignal;
}

/** Consumes a transient queue until the signal aborts. Rejects with a `StoreError` when the connection is lost. */
async function consumeTransient(
  cluster: Cluster,
  queue: TransientQueue,
  { receive, connected, signal }: ConsumeOptions,
): Promise<void> {
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
    await session.wait(declare(channel, queue));
    const consuming = channel.consume(
      queue.name,
      (message) => {
        if (message) receive(toReceived(message), channel);
        else ended.reject(new Error('RabbitMQ deleted the queue'));
      },
      { noAck: true },
    );
    await session.wait(consuming);
    connected();
    if (!signal.aborted) await ended.promise;
  } catch (error) {
    throw cluster.fail('serve', error as Error, connection);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function declare(channel: Channel, queue: TransientQueue): Promise<void> {
  const { name, exchange, bindingKey, messageTtl, expires } = queue;
  await channel.assertExchange(exchange.name, exchange.type, exchange.options);
  await channel.assertQueue(name, { durable: false, exclusive: true, autoDelete: true, messageTtl, expires });
  await channel.bindQueue(name, exchange.name, bindingKey);
}

/** Consumes a queue of its own that is bound to all task events; worker events have other routing keys. */
export function openAmqpEventStream(options: EventStreamOptions): EventStream {
  const { exchange, queuePrefix } = options;
  let cluster: Cluster | null = null;
  return {
    async follow(following) {
      const own = (cluster = new Cluster('task-events', options));
      const queue: TransientQueue = {
        name: `${queuePrefix}.${randomUUID()}`,
        exchange: { name: exchange, type: 'topic', options: { durable: true } },
        bindingKey: 'task.#',
        // As Celery declares the queue of a receiver of events.
        messageTtl: 5_000,
        expires: 60_000,
      };
      try {
        await consumeTransient(own, queue, following);
      } finally {
        await own.close();
      }
    },
    close: async () => cluster?.close(),
  };
}

/** Consumes a queue of its own that is bound to the fanout exchange. Throws a `ConfigError` for an invalid URL. */
export function openAmqpMailbox(options: MailboxOptions): Mailbox {
  const cluster = new Cluster('mailbox', options);
  const queue: TransientQueue = {
    name: options.queue,
    exchange: { name: options.exchange, type: 'fanout', options: { durable: false, autoDelete: false } },
    bindingKey: '',
    // As Celery declares the queue of a node.
    messageTtl: 300_000,
    expires: 10_000,
  };
  return {
    serve: ({ receive, connected, signal }) =>
      consumeTransient(cluster, queue, {
        receive: (request, channel) => {
          const reply = receive(request);
          if (reply) send(channel, reply);
        },
        connected,
        signal,
      }),
    close: () => cluster.close(),
  };
}

function send(channel: Channel, { exchange, routingKey, headers, body }: Reply): void {
  const content = { contentType: 'application/json', contentEncoding: 'utf-8' };
  channel.publish(exchange, routingKey, body, { ...content, headers, deliveryMode: 1 });
}
