import type { Channel, ConsumeMessage } from 'amqplib';
import type { Consumer, ConsumerOptions, Delivery } from '../../contracts/broker/consumer.ts';
import { Condition } from '../../util/condition.ts';
import { Cluster, type Connected } from './cluster.ts';
import { declareQueue } from './declare.ts';
import { toReceived } from './properties.ts';

/** Consumes queues of RabbitMQ. Throws a `ConfigError` for an invalid URL. */
export function openAmqpConsumer(options: ConsumerOptions, answerTimeout?: number): Consumer {
  return new AmqpConsumer(options, answerTimeout);
}

/** RabbitMQ delivers up to `prefetch` messages, and delivers them again when the connection ends. */
class AmqpConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #cluster: Cluster;
  #subscribing: Promise<Subscription> | null = null;

  constructor(options: ConsumerOptions, answerTimeout?: number) {
    this.#options = options;
    this.#cluster = new Cluster('consumer', options, answerTimeout);
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
        await session.declareOnce(`queue ${name}`, (channel) => declareQueue(channel, queues.get(name)));
      }
      const channel = await session.openChannel();
      const subscription = new Subscription(connected, channel, { cluster: this.#cluster, prefetch });
      for (const name of from) await session.wait(subscription.consume(name, prefetch));
      return subscription;
    } catch (error) {
      throw this.#cluster.fail('receive', error as Error, connected);
    }
  }
}

class Subscription {
  readonly connected: Connected;
  readonly #channel: Channel;
  readonly #cluster: Cluster;
  readonly #prefetch: number;
  readonly #waiting: Delivery[] = [];
  readonly #tags = new Set<string>();
  readonly #changed = new Condition();
  /** Why the channel has ended; `null` before. */
  #error: Error | null = null;

  constructor(
    connected: Connected,
    channel: Channel,
    { cluster, prefetch }: { readonly cluster: Cluster; readonly prefetch: number },
  ) {
    this.connected = connected;
    this.#channel = channel;
    this.#cluster = cluster;
    this.#prefetch = prefetch;
    connected.session.ended.catch((error: unknown) => this.#end(error as Error));
    channel.on('error', (error: Error) => this.#end(error));
    channel.on('close', () => this.#end(new Error('RabbitMQ closed the channel')));
  }

  /** Adds a consumer of a queue, to which RabbitMQ delivers up to `prefetch` messages. Resolves with its tag. */
  async consume(queue: string, prefetch: number): Promise<string> {
    // The limit is for each consumer, because quorum queues support none for the channel. It applies to the consumers
    // that follow.
    const limited = this.#channel.prefetch(prefetch);
    const consuming = this.#channel.consume(queue, (message) => {
      // RabbitMQ cancels the consumer of a queue that is deleted.
      if (!message) return void this.#channel.emit('error', new Error(`queue ${queue} was deleted`));
      this.#waiting.push(this.#deliver(queue, message));
      this.#changed.notifyAll();
    });
    const [{ consumerTag }] = await Promise.all([consuming, limited]);
    this.#tags.add(consumerTag);
    return consumerTag;
  }

  /** Stops receiving, and requeues the messages that `next` has not returned. */
  async cancel(): Promise<void> {
    if (this.#error) return;
    for (const tag of this.#tags) await this.#cancel(tag);
    for (const delivery of this.#waiting.splice(0)) await delivery.requeue();
  }

  /** Waits for a delivery; resolves with `null` after the signal aborts. Rejects when the channel has ended. */
  async next(signal: AbortSignal): Promise<Delivery | null> {
    for (;;) {
      const delivery = this.#waiting.shift();
      if (delivery) return delivery;
      if (signal.aborted) return null;
      if (this.#error) throw this.#error;
      await this.#changed.wait(signal);
    }
  }

  async #cancel(tag: string): Promise<void> {
    this.#tags.delete(tag);
    await this.connected.session.wait(this.#channel.cancel(tag));
  }

  #end(error: Error): void {
    if (this.#error) return;
    this.#error = error;
    // RabbitMQ delivers the waiting messages again, possibly to another worker.
    this.#waiting.length = 0;
    this.#changed.notifyAll();
  }

  #deliver(queue: string, message: ConsumeMessage): Delivery {
    /** The tag of an additional consumer, which receives one message while this one is suspended. */
    let substitute: string | null = null;
    return {
      queue,
      message: toReceived(message),
      ack: async () => {
        if (this.#error) return false;
        this.#channel.ack(message);
        await this.#confirm('ack');
        return true;
      },
      suspend: async () => {
        if (this.#error) return;
        substitute = await this.connected.session.wait(this.consume(queue, 1)).catch(() => null);
      },
      resume: async () => {
        if (this.#error || substitute === null) return;
        await this.#cancel(substitute).catch(() => {});
      },
      requeue: async () => {
        if (this.#error) return;
        this.#channel.nack(message, false, true);
        await this.#confirm('requeue');
      },
    };
  }

  /**
   * Waits until RabbitMQ has processed an acknowledgement: it answers only the next request, but in the order of the
   * channel.
   */
  async #confirm(operation: string): Promise<void> {
    const { session } = this.connected;
    try {
      await session.wait(this.#channel.prefetch(this.#prefetch));
    } catch (error) {
      throw this.#cluster.fail(operation, error as Error, this.connected);
    }
  }
}
