import type { Options } from 'amqplib';
import type { Message } from '../message/message.ts';

/** RabbitMQ closes the channel on a longer time to live: 49 days and 17 hours, in milliseconds. */
const LONGEST_TIME_TO_LIVE = 2 ** 32 - 1;

/** What stands beside the body, as kombu writes it. */
export function propertiesOf(message: Message): Options.Publish {
  const { correlation_id, reply_to, delivery_mode, expiration, priority } = message.properties;
  return {
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: message.headers,
    ...(correlation_id !== undefined && { correlationId: correlation_id }),
    ...(reply_to !== undefined && { replyTo: reply_to }),
    deliveryMode: delivery_mode,
    priority,
    // Workers look at the header "expires" as well: what cannot be said here is not lost.
    ...(expiration !== undefined && Number(expiration) <= LONGEST_TIME_TO_LIVE && { expiration }),
  };
}
