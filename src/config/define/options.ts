import type { CompressionSpelling } from '../../message/compression.ts';
import type { SerializerSpelling } from '../../message/serializers/find.ts';
import type { Duration, Instant } from './times.ts';

/** Options of Celery's `apply_async` that shape the message. */
export interface OptionsConfig {
  queue?: string | undefined;
  /** 0 to 255. Redis delivers 0 first, RabbitMQ the highest. */
  priority?: number | undefined;
  /** After sending, before which no worker starts the task. Wins over `eta`. */
  countdown?: Duration | undefined;
  /** Before which no worker starts the task. */
  eta?: Instant | undefined;
  /** When the task is worthless: so long after sending, at an instant, or (`next`) once the next occurrence is due. */
  expires?: Duration | Instant | undefined;
  /** How long a worker lets the task run. */
  timeLimit?: Duration | undefined;
  /** After which a worker warns the task. */
  softTimeLimit?: Duration | undefined;
  headers?: Readonly<Record<string, unknown>> | undefined;
  shadow?: string | undefined;
  ignoreResult?: boolean | undefined;
  taskId?: string | undefined;
  deliveryMode?: 1 | 2 | 'transient' | 'persistent' | undefined;
  serializer?: SerializerSpelling | undefined;
  compression?: CompressionSpelling | undefined;
}
