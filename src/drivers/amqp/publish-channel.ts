import type { ConfirmChannel } from 'amqplib';
import type { Message } from '../../celery/message/message.ts';
import { toPublishOptions } from './properties.ts';

/** How publishing ended. An error: the message cannot be encoded, or RabbitMQ closed the channel because of it. */
export type PublishResult = 'acked' | 'nacked' | 'unroutable' | Error;

const hasCode = (code: number) => (error: Error) => (error as { code?: unknown }).code === code;

export const isDenied = hasCode(403);

export const isMissing = hasCode(404);

/** Whether RabbitMQ reported an invalid message, or a declaration that differs from the existing object. */
export const isPrecondition = hasCode(406);

/** Whether RabbitMQ closed only the channel, because of what was published on it. */
export function isChannelError(error: Error): boolean {
  return isMissing(error) || isPrecondition(error) || isDenied(error);
}

export type Publish = (messages: readonly Message[], mandatory: boolean) => Promise<readonly PublishResult[]>;

/**
 * Returns the function that publishes messages to one exchange on this confirm channel. RabbitMQ closes a channel on
 * which a client publishes to a missing exchange; with separate channels this does not affect messages to other
 * exchanges. Calls `onAnswer` for each confirmed message, and `onClose` if RabbitMQ closes the channel.
 *
 * The function resolves with the results in the order of the messages when all are confirmed. It never settles if the
 * connection ends. A message without a queue is `unroutable` if `mandatory` is set, otherwise `acked`.
 */
export function createPublish(channel: ConfirmChannel, onAnswer: () => void, onClose: (error: Error) => void): Publish {
  /** How many unconfirmed messages were returned, by routing key and task: a return precedes its confirm. */
  const returned = new Map<string, number>();
  let closedBy: Error | null = null;
  channel.on('error', (error: Error) => {
    closedBy = error;
    onClose(error);
  });
  channel.on('return', ({ fields, properties }) => {
    const key = returnKey(fields.routingKey, String(properties.correlationId));
    returned.set(key, (returned.get(key) ?? 0) + 1);
  });

  const wasReturned = ({ destination, properties }: Message): boolean => {
    const key = returnKey(destination.routingKey, String(properties.correlation_id));
    const count = returned.get(key) ?? 0;
    if (count > 1) returned.set(key, count - 1);
    else returned.delete(key);
    return count > 0;
  };

  const publishOne = (message: Message, mandatory: boolean) =>
    new Promise<PublishResult>((resolve) => {
      const settle = (result: PublishResult) => {
        onAnswer();
        resolve(result);
      };
      const confirm = (error?: Error | null) => {
        if (!error) settle(wasReturned(message) ? 'unroutable' : 'acked');
        else if (error.message === 'message nacked') settle('nacked');
        // Any other error means that the channel was closed.
        else if (closedBy && isChannelError(closedBy)) settle(closedBy);
      };
      const { exchange, routingKey } = message.destination;
      try {
        channel.publish(exchange, routingKey, message.body, { ...toPublishOptions(message), mandatory }, confirm);
      } catch (error) {
        settle(closedBy ?? (error as Error));
      }
    });

  return (messages, mandatory) => Promise.all(messages.map((message) => publishOne(message, mandatory)));
}

function returnKey(routingKey: string, correlationId: string): string {
  return `${routingKey}\0${correlationId}`;
}
