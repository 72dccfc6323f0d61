import type { ConsumeMessage, Options } from 'amqplib';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { withoutAbsent } from '../../util/keys.ts';
import type { Message } from '../../celery/message/message.ts';

/** The longest time to live that RabbitMQ accepts: 49 days and 17 hours, in milliseconds. */
const MAX_TIME_TO_LIVE = 2 ** 32 - 1;

/** Converts a message to the properties that kombu publishes. */
export function toPublishOptions(message: Message): Options.Publish {
  const { correlation_id, reply_to, delivery_mode, expiration, priority } = message.properties;
  const { message_id, timestamp, type, user_id, app_id } = message.properties;
  return {
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    headers: message.headers,
    deliveryMode: delivery_mode,
    priority,
    ...withoutAbsent({ correlationId: correlation_id, replyTo: reply_to, messageId: message_id, timestamp }),
    ...withoutAbsent({ type, userId: user_id, appId: app_id }),
    // Without this property workers still read the header "expires".
    ...(expiration !== undefined && Number(expiration) <= MAX_TIME_TO_LIVE && { expiration }),
  };
}

export function toReceived({ properties, content }: ConsumeMessage): ReceivedMessage {
  const { headers = {}, contentType = '', contentEncoding = '' } = properties as Partial<ReceivedMessage>;
  return { headers, body: content, contentType, contentEncoding };
}
