import type { CompressionSpelling } from '../../message/compression.ts';
import type { SerializerSpelling } from '../../message/serializers/find.ts';
import type { TimedeltaConfig } from './schedules.ts';
import type { Duration, Instant } from './times.ts';

/** Options of Celery's `apply_async` that shape the message. */
export interface OptionsConfig {
  queue?: string | undefined;
  /** With a routing key, or of a type that needs none, it wins over the queue, as in Celery. */
  exchange?: string | undefined;
  /** Default: what `taskQueues` says of it, else that of the queue. */
  exchangeType?: 'direct' | 'topic' | 'fanout' | 'headers' | undefined;
  routingKey?: string | undefined;
  /** What `taskRoutes` knows the task by, where that is another name than its own. */
  routeName?: string | undefined;
  /** 0 to 255. Redis delivers 0 first, RabbitMQ the highest. */
  priority?: number | undefined;
  /** After sending, before which no worker starts the task; a thousand years at most. Wins over `eta`. */
  countdown?: Duration | undefined;
  /** Before which no worker starts the task. */
  eta?: Instant | undefined;
  /** When the task is worthless: so long after sending, at an instant, or (`next`) once the next occurrence is due. */
  expires?: Duration | Instant | { timedelta: TimedeltaConfig } | undefined;
  /** How long a worker lets the task run. */
  timeLimit?: Duration | undefined;
  /** After which a worker warns the task. */
  softTimeLimit?: Duration | undefined;
  /** Merged last. Those that workers read are checked; texts may hold templates. */
  headers?: Readonly<Record<string, unknown>> | undefined;
  /** What workers call the task in their logs; may hold templates. */
  shadow?: string | undefined;
  ignoreResult?: boolean | undefined;
  /** Of every run, unless a template makes it one of its own. Default: follows from entry and instant. */
  taskId?: string | undefined;
  deliveryMode?: 1 | 2 | 'transient' | 'persistent' | undefined;
  /** The queue that answers are sent to. Default: one of beat's own, which nobody reads. */
  replyTo?: string | undefined;
  /** The first task of the workflow that this one is a part of. Default: itself. */
  rootId?: string | undefined;
  parentId?: string | undefined;
  /** The group that the task counts as a part of, and its place there from 0. */
  groupId?: string | undefined;
  groupIndex?: number | undefined;
  /** How often the task counts as retried already. */
  retries?: number | undefined;
  replacedTaskNesting?: number | undefined;
  /** Name → value. */
  stamps?: Readonly<Record<string, unknown>> | undefined;
  /** Celery's form of the same: the names of stamps whose values stand beside it. */
  stampedHeaders?: readonly string[] | undefined;
  /** What workers log instead of the arguments. */
  argsrepr?: string | undefined;
  kwargsrepr?: string | undefined;
  origin?: string | undefined;
  /** Of tasks that workers send on; beat's own publishing is always tried again. */
  retry?: boolean | undefined;
  retryPolicy?: RetryPolicyConfig | undefined;
  /** AMQP properties, passed on as they are. `timestamp` counts seconds since 1970. */
  messageId?: string | undefined;
  timestamp?: number | undefined;
  type?: string | undefined;
  /** RabbitMQ refuses any but the user of the connection. */
  userId?: string | undefined;
  appId?: string | undefined;
  /** Properties that kombu reads for Amazon SQS, passed on as they are. */
  MessageGroupId?: string | undefined;
  MessageDeduplicationId?: string | undefined;
  MessageAttributes?: Readonly<Record<string, unknown>> | undefined;
  DelaySeconds?: number | undefined;
  delaySeconds?: number | undefined;
  /** Read and ignored, with a warning that says why. */
  addToParent?: boolean | undefined;
  mandatory?: boolean | undefined;
  timeout?: Duration | undefined;
  confirmTimeout?: Duration | undefined;
  serializer?: SerializerSpelling | undefined;
  compression?: CompressionSpelling | undefined;
}

/** Seconds; `maxRetries: null` is for ever. */
export interface RetryPolicyConfig {
  maxRetries?: number | null | undefined;
  intervalStart?: number | undefined;
  intervalStep?: number | undefined;
  intervalMax?: number | undefined;
}
