import { truncate } from '../../util/visible.ts';
import type { CompressionName } from './compression.ts';
import type { Destination, ExchangeType } from './destination.ts';
import type { Run } from './run.ts';
import type { SerializerName } from './serializers.ts';
import { parseJson } from '../../util/decode/json.ts';
import { StoreError } from '../../util/errors.ts';

/** The positional and keyword arguments of a task. */
export interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * Options of an entry that shape its message, named as in Celery's `apply_async` (camelCase here,
 * snake_case is read too). Durations are milliseconds after validation, instants epoch milliseconds.
 */
export interface MessageOptions {
  readonly queue?: string | undefined;
  /** With a routing key it takes precedence over the queue, as in Celery. */
  readonly exchange?: string | undefined;
  readonly exchangeType?: ExchangeType | undefined;
  readonly routingKey?: string | undefined;
  /** 0 to 255. Redis delivers 0 first and has four steps by default; RabbitMQ delivers the highest first. */
  readonly priority?: number | undefined;
  /** Milliseconds after publishing before which no worker starts the task. */
  readonly countdown?: number | undefined;
  /** The instant before which no worker starts the task. A countdown takes precedence, as in Celery. */
  readonly eta?: number | undefined;
  /** When the task expires: milliseconds after publishing, at an instant, or when the next occurrence is due. */
  readonly expires?: { readonly after: number } | { readonly at: number } | 'next' | undefined;
  /** Seconds; sent as they are, like Celery's. */
  readonly timeLimit?: number | undefined;
  readonly softTimeLimit?: number | undefined;
  /** Merged last into the message's headers, which they can overwrite, as in Celery. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly shadow?: string | undefined;
  /** Absent from the message unless set, because it overrides the setting of the task. */
  readonly ignoreResult?: boolean | undefined;
  /** A fixed task id for every run. The default id depends on the occurrence, so that repeats have the same id. */
  readonly taskId?: string | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** The queue for replies; by default as in the message context. */
  readonly replyTo?: string | undefined;
  readonly groupId?: string | undefined;
  /** The first task of the workflow; by default the task itself. */
  readonly rootId?: string | undefined;
  readonly parentId?: string | undefined;
  /** The encoding of the body; by default as in the settings. */
  readonly serializer?: SerializerName | undefined;
  readonly compression?: CompressionName | undefined;
  /** Name → value; Celery's `stamps`, whose names are in the header `stamped_headers`. */
  readonly stamps?: Readonly<Record<string, unknown>> | undefined;
  /** The position of the task in its group. */
  readonly groupIndex?: number | undefined;
  /** The initial number of retries. */
  readonly retries?: number | undefined;
  /** What workers log instead of the arguments. */
  readonly argsrepr?: string | undefined;
  readonly kwargsrepr?: string | undefined;
  /** The origin header; by default as in the message context. */
  readonly origin?: string | undefined;
  readonly replacedTaskNesting?: number | undefined;
  /** The name for routing, if different from the task name. */
  readonly routeName?: string | undefined;
  /** For tasks that workers publish: beat always retries publishing. */
  readonly retry?: boolean | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
  /** AMQP properties that beat does not set. */
  readonly properties?: ExtraProperties | undefined;
}

/** Merges all options that are not `undefined`; those of `more` take precedence. */
export function mergeOptions(own: MessageOptions, more: MessageOptions): MessageOptions {
  const present = Object.entries(more).filter(([, value]) => value !== undefined);
  return present.length === 0 ? own : { ...own, ...Object.fromEntries(present) };
}

/** Celery's `retry_policy`, in seconds; `maxRetries: null` is unlimited. */
interface RetryPolicy {
  readonly maxRetries?: number | null | undefined;
  readonly intervalStart?: number | undefined;
  readonly intervalStep?: number | undefined;
  readonly intervalMax?: number | undefined;
}

/** Named as on the wire. Brokers may read them; tasks find them in `request.properties`. */
export interface ExtraProperties {
  readonly message_id?: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  /** RabbitMQ rejects any value other than the user of the connection. */
  readonly user_id?: string | undefined;
  readonly app_id?: string | undefined;
  /** Not AMQP properties: kombu reads them for Amazon SQS and passes them on in any envelope. */
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, unknown>> | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly delay_seconds?: number | undefined;
}

/** A Celery task message, without the envelope of the transport. */
export interface Message {
  readonly taskId: string;
  readonly destination: Destination;
  readonly priority: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: MessageProperties;
  /** Serialized and compressed; in protocol 2, `[args, kwargs, embed]`. */
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** The headers of protocol 2 for task events, if the message itself has the headers of protocol 1. */
  readonly about?: Readonly<Record<string, unknown>> | undefined;
  /** The run of the message; absent for an event. Not published. */
  readonly run?: Run | undefined;
  /** Encodes the message as `encode` would, in less time; absent from a message that was composed as a whole. */
  readonly encodeAs?: ((encode: EncodeMessage, deliveryTag: string) => string) | undefined;
  /** Encodes the message for the next call of `encodeAs` with this function, and returns the bytes of the text. */
  readonly prepare?: ((encode: EncodeMessage, deliveryTag: string) => number) | undefined;
}

/** Encodes a message, with a text that differs from delivery to delivery. */
export type EncodeMessage = (message: Message, deliveryTag: string) => string;

/** Copies a message, with other values: a spread would lose the fields of a filled one. */
export function copyMessage(message: Message, changes: Partial<Message>): Message {
  const { taskId, destination, priority, headers, properties, body, contentType, contentEncoding } = message;
  const { about, run } = message;
  const fields = { taskId, destination, priority, headers, properties, body, contentType, contentEncoding };
  return { ...fields, about, run, ...changes };
}

/** Named as on the wire (AMQP basic properties). */
interface MessageProperties extends ExtraProperties {
  /** The task id; events have neither an id nor a reply queue. */
  readonly correlation_id?: string | undefined;
  readonly reply_to?: string | undefined;
  readonly delivery_mode: 1 | 2;
  /** Milliseconds as text: AMQP's per-message time to live. Present only when the message expires. */
  readonly expiration?: string | undefined;
  readonly priority: number;
}

export interface RunMessages {
  /** The id that Celery's `apply_async` returns: of the task, the last task of a chain, a chord's body, or a group. */
  readonly taskId: string;
  /** In the order of publishing; more than one for a group. */
  readonly messages: readonly Message[];
  /** Chords to register with the result backend before any message is published. */
  readonly chords: readonly ChordSize[];
}

export interface ChordSize {
  readonly groupId: string;
  readonly size: number;
  /**
   * The results of the header as Celery stores them (JSON) if some are groups; without it, the body would get one
   * flat list. `null` for a flat header.
   */
  readonly results: string | null;
}

/** The header with which Celery's beat marks scheduled tasks since 5.7. It is set last and overwrites a user's header. */
export const BEAT_TASK = 'celery_beat_task';

/** The longest text of a message, whose body may have tens of megabytes. UTF-16 units. */
const MAX_MESSAGE = 128 * 1_024 * 1_024;

export function encodeMessage(message: Message): string {
  return JSON.stringify({ ...copyMessage(message, {}), body: message.body.toString('base64') });
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
  throw new StoreError(`invalid message in the outbox: ${JSON.stringify(truncate(text, 80))}`, { cause });
}

function isMessage(
  value: Readonly<Record<Exclude<keyof Message, 'about' | 'run' | 'encodeAs' | 'prepare'>, unknown>>,
): value is Message {
  const { taskId, destination, priority, headers, properties, contentType, contentEncoding } = value;
  return (
    [taskId, contentType, contentEncoding].every((text) => typeof text === 'string') &&
    typeof priority === 'number' &&
    [destination, headers, properties].every((map) => typeof map === 'object' && map !== null)
  );
}
