import { z } from 'zod';
import { compression, serializer } from '../message/encoding-schema.ts';
import {
  duration,
  expires,
  flag,
  map,
  MAP,
  name,
  sendable,
  wait,
  whole,
} from '../values/scalars.ts';
import { deliveryMode, exchangeType } from '../routing/queue-schema.ts';

const text = () => z.string('text');
const count = () => whole(0, 2 ** 31 - 1, 'a whole number, not negative');
const seconds = () => z.number('seconds, not negative').min(0, 'seconds, not negative');

const retryPolicy = z.strictObject(
  {
    maxRetries: count().nullable().optional(),
    intervalStart: seconds().optional(),
    intervalStep: seconds().optional(),
    intervalMax: seconds().optional(),
  },
  'a map of maxRetries, intervalStart, intervalStep and intervalMax',
);

/** Options of Celery's `apply_async`. */
export const optionsSchema = z.strictObject(
  {
    queue: name().optional(),
    exchange: text().optional().describe('Goes with a routing key, unless its type needs none.'),
    exchangeType: exchangeType().optional(),
    routingKey: text().optional().describe('Of a named exchange; queues need none.'),
    routeName: name().optional().describe('What taskRoutes knows the task by.'),
    priority: whole(0, 255, 'a whole number from 0 to 255').optional(),
    countdown: wait().optional(),
    eta: sendable().optional(),
    expires: expires().optional(),
    timeLimit: duration().optional(),
    softTimeLimit: duration().optional(),
    headers: map().optional(),
    shadow: name().optional(),
    ignoreResult: flag().optional(),
    taskId: name().optional(),
    deliveryMode: deliveryMode().optional(),
    replyTo: name().optional(),
    rootId: name().optional(),
    parentId: name().optional(),
    groupId: name().optional(),
    groupIndex: count().optional(),
    retries: count().optional(),
    replacedTaskNesting: count().optional(),
    stamps: map().optional().describe('Name → value.'),
    stampedHeaders: z
      .array(z.string('the name of a stamp'), 'a list of names')
      .optional()
      .describe('The names of stamps that stand beside it.'),
    argsrepr: text().optional().describe('What workers log instead of the arguments.'),
    kwargsrepr: text().optional(),
    origin: name().optional(),
    retry: flag().optional().describe('Of tasks sent on by workers; beat tries always again.'),
    retryPolicy: retryPolicy.optional(),
    messageId: text().optional(),
    timestamp: count().optional().describe('AMQP: seconds since 1970.'),
    type: text().optional(),
    userId: text().optional().describe('AMQP: RabbitMQ takes none but its own user.'),
    appId: text().optional(),
    MessageGroupId: text().optional().describe("SQS: kombu's property, passed on."),
    MessageDeduplicationId: text().optional(),
    MessageAttributes: map().optional(),
    DelaySeconds: count().optional(),
    delaySeconds: count().optional(),
    addToParent: flag().optional(),
    mandatory: flag().optional(),
    timeout: duration().optional(),
    confirmTimeout: duration().optional(),
    serializer: serializer().optional(),
    compression: compression().optional(),
  },
  MAP,
);

export type OptionsInput = z.output<typeof optionsSchema>;
