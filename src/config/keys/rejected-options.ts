import { snakeCase } from './spellings.ts';

const OWN_CONNECTION = 'beat publishes through connections of its own; brokerUrl says where';
const CANVAS = 'it is what an entry calls, not one of its options';

/** Options of Celery's `apply_async` that beat does not support: why, and what to write instead. */
const REFUSED: Readonly<Record<string, string>> = {
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
};

/** Why beat does not support an option of Celery; `undefined` for a name that Celery does not know either. */
export function explainRefusedOption(key: string): string | undefined {
  const name = snakeCase(key);
  return Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
}
