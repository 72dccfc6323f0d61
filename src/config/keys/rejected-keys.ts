import type { KeySchema } from './key-schema.ts';
import { snakeCase } from './spellings.ts';

/** Keys of entries in Celery's scheduler, RedBeat and django-celery-beat. */
const ENTRY_KEYS = new Map(
  Object.entries({
    one_off: 'write schedule: {at: …}, which is due once',
    clocked: 'write schedule: {at: …}',
    interval: 'write schedule: {timedelta: {…}}',
    start_time: 'write from: the first instant at which a run may be due',
    expire_seconds: 'write expires',
  }),
);

const SCHEDULE_KEYS = new Map(Object.entries({ clocked: 'write at', interval: 'write timedelta' }));

const OWN_CONNECTION = 'beat publishes through connections of its own; brokerUrl says where';
const CANVAS = 'it is what an entry calls, not one of its options';

/** Options of Celery's `apply_async` that beat does not support: why, and what to write instead. */
const OPTIONS = new Map(
  Object.entries({
    args: 'belongs beside options, not in them',
    kwargs: 'belongs beside options, not in them',
    chain: CANVAS,
    chord: CANVAS,
    connection: OWN_CONNECTION,
    producer: OWN_CONNECTION,
    publisher: OWN_CONNECTION,
    router: 'an object of Python; taskRoutes says which task goes where',
    declare: 'objects of Python; taskQueues describes queues and exchanges, and they are declared',
    immediate: 'RabbitMQ rejects it since 3.0; expires limits how long a task is valid',
    result_cls: 'it is for readers of the result, and beat reads none; leave it out',
    task_type: 'a class of Python; leave it out',
    content_type: 'the serializer sets it; choose a serializer',
    content_encoding: 'the serializer sets it; choose a serializer',
    correlation_id: 'always the task id, by which results are found; taskId sets both',
    cluster_id: 'AMQP has dropped it; leave it out, or put it under headers',
    expiration: 'brokers alone read it; workers read expires as well',
    timelimit: 'write timeLimit and softTimeLimit',
  }),
);

/** Options of kombu's transports that beat cannot follow, and why. */
const TRANSPORT_OPTIONS: readonly (readonly [options: RegExp, why: string])[] = [
  [/^credential_provider$/, 'it is a class of Python; write user and password into brokerUrl'],
  [/^(queue|message)_tablename$/, 'the tables of an SQL broker have the names that kombu uses'],
  [/^sts_/, "put role_arn into a profile of AWS's configuration file, which beat reads"],
];

/** Why a key of Celery, kombu or another scheduler is rejected below `parent`, and what to write instead. */
export function explainRejectedKey(
  key: string,
  keys: KeySchema | undefined,
  parent: string | number | undefined,
): string | undefined {
  const name = snakeCase(key);
  const option = parent === 'options' ? OPTIONS.get(name) : undefined;
  if (option !== undefined) return `an option of Celery that beat does not support: ${option}`;
  const transport = TRANSPORT_OPTIONS.find(([options]) => parent === 'brokerTransportOptions' && options.test(name));
  if (transport) return `an option of kombu that beat does not support: ${transport[1]}`;
  const isEntry = keys?.inside.has('options') && keys.inside.has('schedule');
  const instead = isEntry ? ENTRY_KEYS.get(name) : keys?.inside.has('crontab') ? SCHEDULE_KEYS.get(name) : undefined;
  return instead && `not supported: ${instead}`;
}
