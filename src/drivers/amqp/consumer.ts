import type { Channel, ConsumeMessage } from 'amqplib';
import type { Consumer, ConsumerOptions, Delivery } from '../../contracts/broker/consumer.ts';
import { Condition } from '../../util/condition.ts';
import { createCluster, type Cluster, type Connected } from './cluster.ts';
import { declareQueue } from './declare.ts';
import { toReceived } from './properties.ts';

/** Consumes queues of RabbitMQ, which redelivers after a lost connection. Throws a `ConfigError` for a bad URL. */
export function openAmqpConsumer(options: ConsumerOptions, answerTimeout?: number): Consumer {
  const { from, queues, declareQueues, prefetch } = options;
  const cluster = createCluster('consumer', options, answerTimeout);
  let subscribing: Promise<Subscription> | null = null;

  const subscribe = async (): Promise<Subscription> => {
    const connected = await cluster.connect('receive');
    const { session } = connected;
    try {
      for (const name of declareQueues ? from : []) {
        await session.declareOnce(`queue ${name}`, (channel) => declareQueue(channel, queues.get(name)));
      }
      const subscription = createSubscription(cluster, connected, await session.openChannel(), prefetch);
      for (const name of from) await session.wait(subscription.consume(name, prefetch));
      return subscription;
    } catch (error) {
      throw cluster.fail('receive', error as Error, connected);
    }
  };

  return {
    async receive(signal) {
      if (signal.aborted) return null;
      subscribing ??= subscribe().catch((error: unknown) => {
        subscribing = null;
        throw error;
      });
      const subscription = await subscribing;
      try {
        return await subscription.next(signal);
      } catch (error) {
        subscribing = null;
        throw cluster.fail('receive', error as Error, subscription.connected);
      }
    },

    async cancel() {
      const subscription = await subscribing?.catch(() => null);
      await subscription?.cancel();
    },

    close: () => cluster.close(),
  };
}

type Subscription = ReturnType<typeof createSubscription>;

function createSubscription(cluster: Cluster, connected: Connected, channel: Channel, prefetch: number) {
  const { session } = connected;
  const waiting: Delivery[] = [];
  const tags = new Set<string>();
  const changed = new Condition();
  /** Why the channel has ended; `null` before. */
  let ended: Error | null = null;

  const end = (error: Error): void => {
    if (ended) return;
    ended = error;
    // RabbitMQ delivers the waiting messages again, possibly to another worker.
    waiting.length = 0;
    changed.notifyAll();
  };
  session.ended.catch((error: unknown) => end(error as Error));
  channel.on('error', end);
  channel.on('close', () => end(new Error('RabbitMQ closed the channel')));

  /** Adds a consumer of a queue, to which RabbitMQ delivers up to `limit` messages. Resolves with its tag. */
  const consume = async (queue: string, limit: number): Promise<string> => {
    // The limit is for each consumer, because quorum queues support none for the channel. It applies to the consumers
    // that follow.
    const limited = channel.prefetch(limit);
    const consuming = channel.consume(queue, (message) => {
      // RabbitMQ cancels the consumer of a queue that is deleted.
      if (!message) return void channel.emit('error', new Error(`queue ${queue} was deleted`));
      waiting.push(deliver(queue, message));
      changed.notifyAll();
    });
    const [{ consumerTag }] = await Promise.all([consuming, limited]);
    tags.add(consumerTag);
    return consumerTag;
  };

  const cancelConsumer = async (tag: string): Promise<void> => {
    tags.delete(tag);
    await session.wait(channel.cancel(tag));
  };

  /** Waits until RabbitMQ has processed an acknowledgement: it answers the next request of the channel after it. */
  const confirm = async (operation: string): Promise<void> => {
    try {
      await session.wait(channel.prefetch(prefetch));
    } catch (error) {
      throw cluster.fail(operation, error as Error, connected);
    }
  };

  const deliver = (queue: string, message: ConsumeMessage): Delivery => {
    /** The tag of an additional consumer, which receives one message while this one is suspended. */
    let substitute: string | null = null;
    return {
      queue,
      message: toReceived(message),
      ack: async () => {
        if (ended) return false;
        channel.ack(message);
        await confirm('ack');
        return true;
      },
      suspend: async () => {
        if (ended) return;
        substitute = await session.wait(consume(queue, 1)).catch(() => null);
      },
      resume: async () => {
        if (ended || substitute === null) return;
        await cancelConsumer(substitute).catch(() => {});
      },
      requeue: async () => {
        if (ended) return;
        channel.nack(message, false, true);
        await confirm('requeue');
      },
    };
  };

  return {
    connected,
    consume,

    /** Stops receiving, and requeues the messages that `next` has not returned. */
    async cancel(): Promise<void> {
      if (ended) return;
      for (const tag of tags) await cancelConsumer(tag);
      for (const delivery of waiting.splice(0)) await delivery.requeue();
    },

    /** Waits for a delivery; resolves with `null` after the signal aborts. Rejects when the channel has ended. */
    async next(signal: AbortSignal): Promise<Delivery | null> {
      for (;;) {
        const delivery = waiting.shift();
        if (delivery) return delivery;
        if (signal.aborted) return null;
        if (ended) throw ended;
        await changed.wait(signal);
      }
    },
  };
}
