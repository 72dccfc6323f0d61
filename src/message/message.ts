import type { CompressionName } from './compression.ts';
import type { SerializerName } from './serializers/serializer.ts';
import type { Destination, ExchangeType } from './destination.ts';
import type { Run } from './run.ts';

/** What a task is called with: positions, and names. */
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
  /** Of a named exchange; with a routing key it wins over the queue, as in Celery. */
  readonly exchange?: string | undefined;
  readonly exchangeType?: ExchangeType | undefined;
  readonly routingKey?: string | undefined;
  /** 0 to 255. Redis delivers 0 first and knows four steps unless told otherwise; RabbitMQ the highest first. */
  readonly priority?: number | undefined;
  /** Milliseconds after sending before which no worker starts the task. */
  readonly countdown?: number | undefined;
  /** The instant before which no worker starts the task. A countdown wins over it, as in Celery. */
  readonly eta?: number | undefined;
  /** When the task is worthless: so many milliseconds after sending, an instant, or once the next occurrence is due. */
  readonly expires?: { readonly after: number } | { readonly at: number } | 'next' | undefined;
  /** Seconds; sent as they are, like Celery's. */
  readonly timeLimit?: number | undefined;
  readonly softTimeLimit?: number | undefined;
  /** Merged last into the message's headers, and able to overwrite them, as in Celery. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly shadow?: string | undefined;
  /** Left out of the message unless set: present, it overrides the task's own setting. */
  readonly ignoreResult?: boolean | undefined;
  /** A fixed task id for every run. Left out, the occurrence's own id is used, and that is what makes repeats recognisable. */
  readonly taskId?: string | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** A queue for whoever wants to answer; the producer's own unless given. */
  readonly replyTo?: string | undefined;
  /** The group that the task counts as a part of. */
  readonly groupId?: string | undefined;
  /** The task that the whole workflow began with; the task itself unless given. */
  readonly rootId?: string | undefined;
  readonly parentId?: string | undefined;
  /** How the body is written, and compressed; the settings' own unless given. */
  readonly serializer?: SerializerName | undefined;
  readonly compression?: CompressionName | undefined;
  /** Name → value; Celery's `stamps`, whose names are in the header `stamped_headers`. */
  readonly stamps?: Readonly<Record<string, unknown>> | undefined;
  /** The position in the group that the task counts as a part of. */
  readonly groupIndex?: number | undefined;
  /** How often the task counts as retried already. */
  readonly retries?: number | undefined;
  /** What workers log instead of the arguments. */
  readonly argsrepr?: string | undefined;
  readonly kwargsrepr?: string | undefined;
  /** What the message says of where it comes from; the producer's own unless given. */
  readonly origin?: string | undefined;
  readonly replacedTaskNesting?: number | undefined;
  /** The name that routes know the task by, where that is another than its own. */
  readonly routeName?: string | undefined;
  /** For tasks that workers send on: beat's own publishing is always tried again. */
  readonly retry?: boolean | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
  /** AMQP properties that beat puts nothing into by itself. */
  readonly properties?: ExtraProperties | undefined;
}

/** Celery's `retry_policy`, in seconds; `maxRetries: null` is for ever. */
export interface RetryPolicy {
  readonly maxRetries?: number | null | undefined;
  readonly intervalStart?: number | undefined;
  readonly intervalStep?: number | undefined;
  readonly intervalMax?: number | undefined;
}

/** Named as on the wire. The broker may look at them, and tasks as `request.properties`. */
export interface ExtraProperties {
  readonly message_id?: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  /** RabbitMQ refuses any but that of the connection. */
  readonly user_id?: string | undefined;
  readonly app_id?: string | undefined;
  /** No properties of AMQP: kombu reads them for Amazon SQS, and passes them on in any envelope. */
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, unknown>> | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly delay_seconds?: number | undefined;
}

/** A Celery task message, complete but for what the broker's transport adds around it. */
export interface Message {
  readonly taskId: string;
  readonly destination: Destination;
  readonly priority: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: MessageProperties;
  /** As serialized and compressed; in protocol 2 of `[args, kwargs, embed]`. */
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** What there is to tell of the task, where its headers do not say it: those of protocol 2. */
  readonly about?: Readonly<Record<string, unknown>> | undefined;
  /** The run that it belongs to; absent for an event. Not part of what is published. */
  readonly run?: Run | undefined;
}

/** Named as on the wire (AMQP basic properties). */
export interface MessageProperties extends ExtraProperties {
  /** The task's id; an event, which nobody answers, has none, and no queue for answers. */
  readonly correlation_id?: string | undefined;
  readonly reply_to?: string | undefined;
  readonly delivery_mode: 1 | 2;
  /** Milliseconds as text: AMQP's per-message time to live. Present only when the message expires. */
  readonly expiration?: string | undefined;
  readonly priority: number;
}
