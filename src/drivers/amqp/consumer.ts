import type { Channel, ConsumeMessage } from 'amqplib';
import type { Consumer, ConsumerOptions, Delivery } from '../../broker/consumer.ts';
import type { ReceivedMessage } from '../../broker/received-message.ts';
import { Cluster, type Connected } from './cluster.ts';
import { declareQueue } from './declare.ts';

/** Consumes queues of RabbitMQ. Throws a `ConfigError` for an invalid URL. */
export function openAmqpConsumer(options: ConsumerOptions): Consumer {
  return new AmqpConsumer(options);
}

/** RabbitMQ delivers up to `prefetch` messages, and delivers them again when the connection ends. */
class AmqpConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #cluster: Cluster;
  #subscribing: Promise<Subscription> | null = null;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#cluster = new Cluster('consumer', options);
  }

  async receive(signal: AbortSignal): Promise<Delivery | null> {
    if (signal.aborted) return null;
    const subscription = await this.#subscribe();
    try {
      return await subscription.next(signal);
    } catch (error) {
      this.#subscribing = null;
      throw this.#cluster.fail('receive', error as Error, subscription.connected);
    }
  }

  async cancel(): Promise<void> {
    const subscription = await this.#subscribing?.catch(() => null);
    await subscription?.cancel();
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }

  #subscribe(): Promise<Subscription> {
    if (!this.#subscribing) {
      this.#subscribing = this.#open();
      this.#subscribing.catch(() => (this.#subscribing = null));
    }
    return this.#subscribing;
  }

  async #open(): Promise<Subscription> {
    const connected = await this.#cluster.connect('receive');
    const { session } = connected;
    const { from, queues, declareQueues, prefetch } = this.#options;
    try {
      for (const name of declareQueues ? from : []) {
        await session.declareOnce(`queue ${name}`, (channel) =>
          declareQueue(channel, queues.get(name)),
        );
      }
      const channel = await session.openChannel();
      const subscription = new Subscription(connected, channel, {
        cluster: this.#cluster,
        prefetch,
      });
      // For each queue: quorum queues do not support a limit for the channel.
      await session.wait(channel.prefetch(prefetch));
      for (const name of from) await session.wait(subscription.consume(name));
      return subscription;
    } catch (error) {
      throw this.#cluster.fail('receive', error as Error, connected);
    }
  }
}

/** The deliveries of one channel. */
class Subscription {
  readonly connected: Connected;
  readonly #channel: Channel;
  readonly #cluster: Cluster;
  readonly #prefetch: number;
  readonly #waiting: Delivery[] = [];
  readonly #tags: string[] = [];
  readonly #ended = Promise.withResolvers<never>();
  #isOpen = true;
  #wake: (() => void) | null = null;

  constructor(
    connected: Connected,
    channel: Channel,
    { cluster, prefetch }: { readonly cluster: Cluster; readonly prefetch: number },
  ) {
    this.connected = connected;
    this.#channel = channel;
    this.#cluster = cluster;
    this.#prefetch = prefetch;
    this.#ended.promise.catch(() => {});
    connected.session.ended.catch((error: unknown) => this.#end(error as Error));
    channel.on('error', (error: Error) => this.#end(error));
    channel.on('close', () => this.#end(new Error('RabbitMQ closed the channel')));
  }

  async consume(queue: string): Promise<void> {
    const { consumerTag } = await this.#channel.consume(queue, (message) => {
      // RabbitMQ cancels the consumer of a queue that is deleted.
      if (!message)
        return void this.#channel.emit('error', new Error(`queue ${queue} was deleted`));
      this.#waiting.push(this.#deliver(queue, message));
      this.#wake?.();
    });
    this.#tags.push(consumerTag);
  }

  /** Receives no more messages, and returns those that `next` has not resolved with. */
  async cancel(): Promise<void> {
    if (!this.#isOpen) return;
    for (const tag of this.#tags.splice(0)) await this.#channel.cancel(tag);
    for (const delivery of this.#waiting.splice(0)) await delivery.requeue();
  }

  /** Waits for a delivery; resolves with `null` after the signal aborts. Rejects when the channel has ended. */
  async next(signal: AbortSignal): Promise<Delivery | null> {
    for (;;) {
      const delivery = this.#waiting.shift();
      if (delivery) return delivery;
      if (signal.aborted) return null;
      await Promise.race([this.#waitForDelivery(signal), this.#ended.promise]);
    }
  }

  #waitForDelivery(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #end(error: Error): void {
    this.#isOpen = false;
    // RabbitMQ delivers them again, possibly to another worker.
    this.#waiting.length = 0;
    this.#ended.reject(error);
  }

  #deliver(queue: string, message: ConsumeMessage): Delivery {
    return {
      queue,
      message: toReceived(message),
      ack: async () => {
        if (!this.#isOpen) return false;
        this.#channel.ack(message);
        await this.#confirm('ack');
        return true;
      },
      requeue: async () => {
        if (!this.#isOpen) return;
        this.#channel.nack(message, false, true);
        await this.#confirm('requeue');
      },
    };
  }

  /** RabbitMQ does not answer an acknowledgement, but it answers what follows on the channel in that order. */
  async #confirm(operation: string): Promise<void> {
    const { session } = this.connected;
    try {
      await Promise.race([
        session.wait(this.#channel.prefetch(this.#prefetch)),
        this.#ended.promise,
      ]);
    } catch (error) {
      throw this.#cluster.fail(operation, error as Error, this.connected);
    }
  }
}

function toReceived({ properties, content }: ConsumeMessage): ReceivedMessage {
  const { headers, contentType, contentEncoding } = properties as Partial<
    Record<'contentType' | 'contentEncoding', string>
  > & { readonly headers?: Readonly<Record<string, unknown>> };
  return {
    headers: headers ?? {},
    body: content,
    contentType: contentType ?? '',
    contentEncoding: contentEncoding ?? '',
  };
}
