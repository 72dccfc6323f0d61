import { z } from 'zod';
import { parseCompression } from '../../celery/message/compression.ts';
import type { ExtraProperties, MessageOptions } from '../../celery/message/message.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { parseSerializer } from '../../celery/message/serializers.ts';
import { compression, serializer } from '../message/encoding.ts';
import { DELIVERY_MODES, deliveryMode, exchangeType } from '../routing/task-queues.ts';
import type { Report } from '../validate.ts';
import {
  ignored,
  option,
  count,
  duration,
  expires,
  flag,
  MAP,
  parseDuration,
  parseTimedelta,
  sendable,
  wait,
  whole,
  mapOf,
} from '../values/option.ts';
import { withoutAbsent } from '../../util/keys.ts';

const delivery = {
  queue: option.nonEmpty('The queue that the task is sent to.', {
    otherwise: 'by `taskRoutes`, else `taskDefaultQueue`',
    example: 'reports',
  }),
  exchange: option.text(
    'The exchange that the task is sent to. With a routing key, or of a type that needs none, it wins over the queue.',
    { example: 'jobs' },
  ),
  exchangeType: option(exchangeType(), 'Type of that exchange.', {
    otherwise: 'as in `taskQueues`, else as the exchange of the queue',
    example: 'topic',
  }),
  routingKey: option.text('Routing key for the exchange; queues need none.', { example: 'jobs.clean' }),
  routeName: option.nonEmpty('The name by which `taskRoutes` finds the task.', {
    otherwise: 'the name of the task',
    example: 'tasks.reports',
  }),
  priority: option(whole(0, 255), 'Priority of the message. Redis delivers 0 first, RabbitMQ the highest.', {
    otherwise: '`taskDefaultPriority`',
    example: 5,
  }),
  deliveryMode: option(deliveryMode(), 'Whether the message survives a restart of the broker.', {
    otherwise: 'of the exchange, else `taskDefaultDeliveryMode`',
    example: 'transient',
  }),
};

const timing = {
  countdown: option(
    wait(),
    'Delay after sending before a worker may start the task; a thousand years at most. Wins over `eta`.',
    { example: '5m' },
  ),
  eta: option(sendable(), 'Instant before which no worker starts the task.', { example: '2030-01-31T08:00:00+01:00' }),
  expires: option(expires(), 'When workers discard the task instead of starting it.', { example: 'next' }),
  timeLimit: option.duration('How long a worker lets the task run before it kills it.', { example: '10m' }),
  softTimeLimit: option.duration('How long the task may run before it is warned.', { example: '9m' }),
};

const headers = {
  headers: option.map(
    'Headers of the message, merged last. Headers that workers read are validated; texts may contain templates.',
    { example: { 'x-team': 'blue' } },
  ),
  shadow: option.nonEmpty('Name of the task in the logs of workers; may contain templates.', {
    example: 'reports.{{dueAt | yyyy-MM-dd}}',
  }),
  stamps: option.map('Stamps of the task: name → value.', { example: { team: 'blue' } }),
  stampedHeaders: option(
    z.array(z.string('the name of a stamp'), 'a list of names'),
    "Celery's form of stamps: the names of those whose values are beside it.",
    { example: ['team'] },
  ),
  argsrepr: option.text('Text that workers log instead of the positional arguments.', { example: '(…)' }),
  kwargsrepr: option.text('Text that workers log instead of the keyword arguments.', { example: '{…}' }),
  origin: option.nonEmpty('Name of the sender.', { otherwise: '`beat@HOST`', example: 'scheduler' }),
};

const identity = {
  taskId: option.nonEmpty('Id of every run of the task, unless a template makes each different.', {
    otherwise: 'computed from entry and instant',
    example: 'report-{{dueAt}}',
  }),
  rootId: option.nonEmpty('Id of the first task of the workflow.', { otherwise: 'the task id', example: 'c0ffee' }),
  parentId: option.nonEmpty('Id of the task that called this one.', { example: 'c0ffee' }),
  groupId: option.nonEmpty('Id of the group that the task belongs to.', { example: 'c0ffee' }),
  groupIndex: option.count('Position in that group, from 0.', { example: 0 }),
  replyTo: option.nonEmpty('Queue for replies.', {
    otherwise: "a queue of beat's own that is never read",
    example: 'answers',
  }),
};

const retryPolicy = mapOf(
  'RetryPolicyConfig',
  {
    maxRetries: option(count().nullable(), 'The most retries; `null` is without a limit.', { example: 3 }),
    intervalStart: option(seconds(), 'Pause before the first retry.', { unit: 'seconds', example: 0 }),
    intervalStep: option(seconds(), 'How much longer each further pause is.', { unit: 'seconds', example: 0.2 }),
    intervalMax: option(seconds(), 'The longest pause.', { unit: 'seconds', example: 1 }),
  },
  { allowed: 'a map of maxRetries, intervalStart, intervalStep and intervalMax' },
);

function seconds() {
  return z.number('seconds, not negative').min(0, 'seconds, not negative');
}

const execution = {
  ignoreResult: option.flag('Whether workers discard what the task returns.', { otherwise: '`taskIgnoreResult`' }),
  retries: option.count('Number of retries that the task counts as done already.', { otherwise: '0', example: 1 }),
  replacedTaskNesting: option.count('How often the task was replaced.', { otherwise: '0', example: 1 }),
  retry: option.flag('Whether workers retry publishing tasks that this one sends; beat itself always retries.'),
  retryPolicy: option(retryPolicy, 'How workers retry publishing.', { example: { maxRetries: 3 } }),
  serializer: option(serializer(), 'Serializer of the message.', { otherwise: '`taskSerializer`', example: 'msgpack' }),
  compression: option(compression(), 'Compression of the message.', {
    otherwise: '`taskCompression`',
    example: 'gzip',
  }),
};

const properties = {
  messageId: option.text('AMQP property `message_id`.', { example: 'm-1' }),
  timestamp: option.count('AMQP property `timestamp`, counted from 1970.', { unit: 'seconds', example: 1_700_000_000 }),
  type: option.text('AMQP property `type`.', { example: 'report' }),
  userId: option.text('AMQP property `user_id`; RabbitMQ rejects any but the user of the connection.', {
    example: 'beat',
  }),
  appId: option.text('AMQP property `app_id`.', { example: 'shop' }),
  MessageGroupId: option.text("Amazon SQS: kombu's property of this name.", { example: 'reports' }),
  MessageDeduplicationId: option.text("Amazon SQS: kombu's property of this name.", { example: 'r-1' }),
  MessageAttributes: option.map("Amazon SQS: kombu's property of this name.", {
    example: { team: { DataType: 'String', StringValue: 'blue' } },
  }),
  DelaySeconds: option.count("Amazon SQS: kombu's property of this name.", { unit: 'seconds', example: 5 }),
  delaySeconds: option.count("Amazon SQS: kombu's property `delay_seconds`.", { unit: 'seconds', example: 5 }),
};

const WARNING = 'Accepted with a warning, and has no effect.';

const unused = {
  addToParent: ignored(flag(), WARNING),
  mandatory: ignored(flag(), WARNING),
  timeout: ignored(duration(), WARNING),
  confirmTimeout: ignored(duration(), WARNING),
};

export const optionsSchema = z.strictObject(
  { ...delivery, ...timing, ...headers, ...identity, ...execution, ...properties, ...unused },
  MAP,
);

export type OptionsInput = z.output<typeof optionsSchema>;

const NONE: MessageOptions = Object.freeze({});

/** Converts validated options to milliseconds and epoch milliseconds. Warns of options without effect. */
export function readOptions(
  input: OptionsInput | undefined,
  expires: OptionsInput['expires'],
  zone: string,
  warn: Report,
): MessageOptions {
  if (input === undefined && expires === undefined) return NONE;
  const { countdown, eta, timeLimit, softTimeLimit, serializer, compression, ...rest } = input ?? {};
  const { messageId, timestamp, type, userId, appId, deliveryMode, ...more } = rest;
  const { MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds, ...others } = more;
  const { delaySeconds, addToParent, mandatory, timeout, confirmTimeout, ...plain } = others;
  const ignored = { addToParent, mandatory, timeout, confirmTimeout };
  for (const [option, value] of Object.entries(ignored)) {
    if (value !== undefined) warn(['options', option], IGNORED[option]!);
  }
  if (plain.retry === false) warn(['options', 'retry'], ALWAYS_RETRIES);
  const amqp = { message_id: messageId, timestamp, type, user_id: userId, app_id: appId };
  const sqs = { MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds };
  const properties: ExtraProperties = withoutAbsent({ ...amqp, ...sqs, delay_seconds: delaySeconds });
  return {
    ...plain,
    countdown: parseDuration(countdown) ?? undefined,
    eta: parseInstant(eta, zone) ?? undefined,
    expires: readExpires(input?.expires, expires, zone, warn),
    timeLimit: toSeconds(timeLimit),
    softTimeLimit: toSeconds(softTimeLimit),
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer: serializer && parseSerializer(serializer),
    compression: compression && parseCompression(compression),
    properties: Object.keys(properties).length === 0 ? undefined : properties,
  };
}

const IGNORED: Readonly<Record<string, string>> = {
  addToParent: 'ignored: scheduled tasks have no parent',
  mandatory: 'ignored: RabbitMQ always returns unroutable messages to beat',
  timeout: 'ignored: brokerConnectionTimeout is the timeout of beat',
  confirmTimeout: 'ignored: beat waits for the confirm of RabbitMQ without a limit',
};

const ALWAYS_RETRIES =
  'applies to tasks that workers publish; beat itself retries until the message is in its queue or too late';

/** Workers receive limits in seconds, with fractions. */
function toSeconds(duration: OptionsInput['timeLimit']): number | undefined {
  const ms = parseDuration(duration);
  return ms === null ? undefined : ms / 1_000;
}

const NO_EXPIRY = 'zero is treated as "no expiry"; with Celery workers would discard the task';

function readExpires(inOptions: OptionsInput['expires'], beside: OptionsInput['expires'], zone: string, warn: Report) {
  const input = beside ?? inOptions;
  if (input === undefined || input === 'next') return input;
  const after = parseDuration(input) ?? parseTimedelta(input);
  if (after === null) return { at: parseInstant(input, zone)! };
  if (after > 0) return { after };
  warn(beside === undefined ? ['options', 'expires'] : ['expires'], NO_EXPIRY);
  return undefined;
}
