import type { ConfirmChannel } from 'amqplib';
import type { Message } from '../../celery/message/message.ts';
import { toPublishOptions } from './properties.ts';

/**
 * The outcome of publishing one message. An error means that the message cannot be encoded as AMQP, or that
 * RabbitMQ closed the channel because of the message or its exchange.
 */
export type PublishResult = 'acked' | 'nacked' | 'unroutable' | Error;

const hasCode = (code: number) => (error: Error) => (error as { code?: unknown }).code === code;

export const isDenied = hasCode(403);

/** Whether RabbitMQ reported that the exchange does not exist. */
export const isMissing = hasCode(404);

/** Whether RabbitMQ reported an invalid message, or a declaration that differs from the existing object. */
export const isPrecondition = hasCode(406);

/** Whether RabbitMQ closed only the channel, because of what was published on it. */
export function isChannelError(error: Error): boolean {
  return isMissing(error) || isPrecondition(error) || isDenied(error);
}

/**
 * The confirm channel for all messages to one exchange. RabbitMQ closes a channel on which a client publishes to a
 * missing exchange; with separate channels this does not affect messages to other exchanges.
 */
export class PublishChannel {
  readonly #channel: ConfirmChannel;
  readonly #onAnswer: () => void;
  /** How many unconfirmed messages were returned, by routing key and task: a return precedes its confirm. */
  readonly #returned = new Map<string, number>();
  #closedBy: Error | null = null;

  /** Calls `onAnswer` for each confirmed message, and `onClose` if RabbitMQ closes the channel. */
  constructor(channel: ConfirmChannel, onAnswer: () => void, onClose: (error: Error) => void) {
    this.#channel = channel;
    this.#onAnswer = onAnswer;
    channel.on('error', (error: Error) => {
      this.#closedBy = error;
      onClose(error);
    });
    channel.on('return', ({ fields, properties }) => {
      const key = returnKey(fields.routingKey, String(properties.correlationId));
      this.#returned.set(key, (this.#returned.get(key) ?? 0) + 1);
    });
  }

  /**
   * Resolves with the results in the order of the messages when all are confirmed. Never settles if the connection
   * ends. A message without a queue is `unroutable` if `mandatory` is set, otherwise `acked`.
   */
  publish(messages: readonly Message[], mandatory: boolean): Promise<readonly PublishResult[]> {
    const all = Promise.withResolvers<readonly PublishResult[]>();
    const results: PublishResult[] = [];
    let left = messages.length;
    const settle = (i: number, result: PublishResult): void => {
      results[i] = result;
      this.#onAnswer();
      left -= 1;
      if (left === 0) all.resolve(results);
    };
    messages.forEach((message, i) => {
      try {
        this.#publish(message, mandatory, (result) => {
          settle(i, result);
        });
      } catch (error) {
        settle(i, this.#closedBy ?? (error as Error));
      }
    });
    return all.promise;
  }

  #publish(message: Message, mandatory: boolean, settle: (result: PublishResult) => void): void {
    const { destination, body } = message;
    const options = { ...toPublishOptions(message), mandatory };
    const confirm = (error?: Error | null) => {
      if (!error) settle(this.#wasReturned(message) ? 'unroutable' : 'acked');
      else if (error.message === 'message nacked') settle('nacked');
      // Any other error means that the channel was closed.
      else if (this.#closedBy && isChannelError(this.#closedBy)) settle(this.#closedBy);
    };
    this.#channel.publish(destination.exchange, destination.routingKey, body, options, confirm);
  }

  #wasReturned({ destination, properties }: Message): boolean {
    const key = returnKey(destination.routingKey, String(properties.correlation_id));
    const count = this.#returned.get(key) ?? 0;
    if (count > 1) this.#returned.set(key, count - 1);
    else this.#returned.delete(key);
    return count > 0;
  }
}

function returnKey(routingKey: string, correlationId: string): string {
  return `${routingKey}\0${correlationId}`;
}
