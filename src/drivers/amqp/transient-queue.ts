import type { Channel, Options } from 'amqplib';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { markHandled } from '../../util/promise.ts';
import type { Cluster } from './cluster.ts';
import { toReceived } from './received.ts';

/** A queue of one connection alone, which RabbitMQ deletes with it. Times are in milliseconds. */
export interface TransientQueue {
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

export interface ConsumeOptions {
  readonly receive: (message: ReceivedMessage, channel: Channel) => void;
  readonly connected: () => void;
  readonly signal: AbortSignal;
}

/** Consumes a transient queue until the signal aborts. Rejects with a `StoreError` when the connection is lost. */
export async function consumeTransient(
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
  await channel.assertQueue(name, {
    ...{ durable: false, exclusive: true, autoDelete: true },
    ...{ messageTtl, expires },
  });
  await channel.bindQueue(name, exchange.name, bindingKey);
}
