import { encodeEnvelope } from './envelope.ts';
import type { ExtraProperties, Message } from '../message/message.ts';

/** The longest message, with its attributes, and the longest batch that SQS accepts. Bytes. */
export const MAX_MESSAGE = 1_048_576;

/** The limit of queues from before August 2025, of other services with this protocol, and of older emulators. Bytes. */
export const OLD_MAX_MESSAGE = 262_144;

/** SQS's longest delay of one message. Seconds. */
export const MAX_DELAY = 900;

const FIFO = '.fifo';

/** ASCII punctuation except `-`, `_` and `.`, which becomes `_`. */
const PUNCTUATION = /[!-,/:-@[-^`{-~]/g;

/** The name of a queue in SQS, as kombu changes it. */
export function toSqsName(queue: string, prefix: string): string {
  const name = prefix + queue;
  const end = isFifo(name) ? FIFO : '';
  return (
    name
      .slice(0, name.length - end.length)
      .replace(PUNCTUATION, '_')
      .replaceAll('.', '-') + end
  );
}

export function isFifo(name: string): boolean {
  return name.endsWith(FIFO);
}

/** Why SQS has no queue of this name; `null` if it may have one. */
export function sqsNameError(name: string): string | null {
  if (/^[\w-]+(\.fifo)?$/.test(name) && name.length <= 80) return null;
  return `is ${JSON.stringify(name)} in SQS, which allows 80 letters, digits, "-" and "_"`;
}

/** Encodes a message as kombu does. SQS measures this text in UTF-8. */
export function encodeSqsBody(message: Message, deliveryTag: string, base64: boolean): string {
  const envelope = encodeEnvelope(message, deliveryTag);
  return base64 ? Buffer.from(envelope).toString('base64') : envelope;
}

/** The JSON in a message of SQS, which may be encoded as base64. */
export function decodeSqsBody(body: string): string {
  return body.startsWith('{') ? body : Buffer.from(body, 'base64').toString();
}

/** The delay that kombu's newest transport requests from SQS, in seconds; `null` for none. */
export function delayOf({ delay_seconds, DelaySeconds }: ExtraProperties): number | null {
  const delay = delay_seconds ?? DelaySeconds;
  return delay === undefined || delay < 0 ? null : Math.min(Math.trunc(delay), MAX_DELAY);
}
