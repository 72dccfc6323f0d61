import { parseJson } from '../../util/decode/json.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from './message.ts';

/** The longest text of a message, whose body may have tens of megabytes. UTF-16 units. */
const MAX_MESSAGE = 128 * 1_024 * 1_024;

/** Encodes a message for the outbox. */
export function encodeMessage(message: Message): string {
  return JSON.stringify({ ...message, body: message.body.toString('base64') });
}

/** Decodes a message of the outbox. Throws a `StoreError` for invalid text. */
export function decodeMessage(text: string): Message {
  let cause: unknown;
  try {
    const value = parseJson(text, MAX_MESSAGE) as Message & { body: string };
    const message = { ...value, body: Buffer.from(value.body, 'base64') };
    if (isMessage(message)) return message;
  } catch (error) {
    cause = error;
  }
  const found = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new StoreError(`invalid message in the outbox: ${found}`, { cause });
}

function isMessage(
  value: Readonly<Record<Exclude<keyof Message, 'about' | 'run'>, unknown>>,
): value is Message {
  const { taskId, destination, priority, headers, properties, contentType, contentEncoding } =
    value;
  return (
    [taskId, contentType, contentEncoding].every((text) => typeof text === 'string') &&
    typeof priority === 'number' &&
    [destination, headers, properties].every((map) => typeof map === 'object' && map !== null)
  );
}
