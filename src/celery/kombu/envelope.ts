import type { Message } from '../message/message.ts';
import { parseJson } from '../../util/decode/json.ts';
import { isMap } from '../../util/is-map.ts';

/**
 * Encodes a message as the JSON text of kombu's virtual transports (Redis, SQL), with keys in kombu's order. Workers
 * acknowledge a message by its delivery tag, a text that is unique for each delivery.
 */
export function encodeEnvelope(message: Message, deliveryTag: string): string {
  return message.encodeAs?.(encodeWhole, deliveryTag) ?? encodeWhole(message, deliveryTag);
}

/** Encodes a message for the next call of `encodeEnvelope`, and returns the bytes of the text. */
export function prepareEnvelope(message: Message, deliveryTag: string): number {
  return message.prepare?.(encodeWhole, deliveryTag) ?? 0;
}

function encodeWhole(message: Message, deliveryTag: string): string {
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

/** A message as a worker receives it. Its sender may be any program that can write to the broker. */
export interface ReceivedMessage {
  readonly headers: Readonly<Record<string, unknown>>;
  /** As serialized and compressed. */
  readonly body: Buffer;
  /** Such as `application/json`; empty if the message does not name it. */
  readonly contentType: string;
  readonly contentEncoding: string;
}

/** The longest envelope of a task. UTF-16 units. */
const MAX_TASK = 128 * 1_024 * 1_024;
/** The longest envelope of an event or a request, which are sent to many receivers. */
export const MAX_BROADCAST = 8 * 1_024 * 1_024;

/**
 * Decodes an envelope of kombu's virtual transports (Redis, SQL); `null` for any other text, and for a text longer than
 * `maxLength` UTF-16 units.
 */
export function decodeEnvelope(text: string, maxLength: number = MAX_TASK): ReceivedMessage | null {
  let envelope: unknown;
  try {
    envelope = parseJson(text, maxLength);
  } catch {
    return null;
  }
  if (!isMap(envelope) || typeof envelope['body'] !== 'string') return null;
  const { headers, properties } = envelope;
  // kombu writes base64; a producer may write the text itself.
  const encoding = isMap(properties) && properties['body_encoding'] === 'base64' ? 'base64' : 'utf8';
  return {
    headers: isMap(headers) ? headers : {},
    body: Buffer.from(envelope['body'], encoding),
    contentType: asText(envelope['content-type']),
    contentEncoding: asText(envelope['content-encoding']),
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
