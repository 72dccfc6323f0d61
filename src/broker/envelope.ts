import type { Message } from '../message/message.ts';

/**
 * Encodes a message as the JSON text of kombu's virtual transports (Redis, SQL), with keys in kombu's order. Workers
 * acknowledge a message by its delivery tag, a text that is unique for each delivery.
 */
export function encodeEnvelope(message: Message, deliveryTag: string): string {
  const { correlation_id, reply_to, delivery_mode, expiration } = message.properties;
  const { message_id, timestamp, type, user_id, app_id } = message.properties;
  const { MessageGroupId, MessageDeduplicationId, MessageAttributes } = message.properties;
  const { DelaySeconds, delay_seconds } = message.properties;
  const { exchange, routingKey } = message.destination;
  const properties = JSON.stringify({
    correlation_id,
    reply_to,
    message_id,
    timestamp,
    type,
    user_id,
    app_id,
    MessageGroupId,
    MessageDeduplicationId,
    MessageAttributes,
    DelaySeconds,
    delay_seconds,
    delivery_mode,
    expiration,
    delivery_info: { exchange, routing_key: routingKey },
    priority: message.priority,
    body_encoding: 'base64',
    delivery_tag: deliveryTag,
  });
  return `{"body":"${message.body.toString('base64')}","content-encoding":"${message.contentEncoding}","content-type":"${message.contentType}","headers":${JSON.stringify(message.headers)},"properties":${properties}}`;
}
