import type { Options } from 'amqplib';
import type { Message } from '../../message/message.ts';

/** RabbitMQ closes the channel on a longer time to live: 49 days and 17 hours, in milliseconds. */
const LONGEST_TIME_TO_LIVE = 2 ** 32 - 1;

/** What stands beside the body, as kombu writes it. */
export function propertiesOf(message: Message): Options.Publish {
  const { correlation_id, reply_to, delivery_mode, expiration, priority } = message.properties;
  const { message_id, timestamp, type, user_id, app_id } = message.properties;
  return {
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: message.headers,
    deliveryMode: delivery_mode,
    priority,
    ...(correlation_id !== undefined && { correlationId: correlation_id }),
    ...(reply_to !== undefined && { replyTo: reply_to }),
    ...(message_id !== undefined && { messageId: message_id }),
    ...(timestamp !== undefined && { timestamp }),
    ...(type !== undefined && { type }),
    ...(user_id !== undefined && { userId: user_id }),
    ...(app_id !== undefined && { appId: app_id }),
    // Workers look at the header "expires" as well: what cannot be said here is not lost.
    ...(expiration !== undefined && Number(expiration) <= LONGEST_TIME_TO_LIVE && { expiration }),
  };
}
