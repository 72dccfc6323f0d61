import type { ConsumeMessage } from 'amqplib';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';

export function toReceived({ properties, content }: ConsumeMessage): ReceivedMessage {
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
