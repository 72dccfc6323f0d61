import { snakeCase } from './spellings.ts';

const OWN_CONNECTION = 'beat publishes through connections of its own; brokerUrl says where';
const CANVAS = 'it is what an entry calls, not one of its options';

/** What Celery's `apply_async` takes and beat does not: why, and what to write instead. */
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
  immediate: 'RabbitMQ has not taken it since 3.0; expires says when a task is worthless',
  result_cls: 'of whoever reads the result, which beat does not; leave it out',
  task_type: 'a class of Python; leave it out',
  content_type: 'what the serializer writes; choose a serializer',
  content_encoding: 'what the serializer writes; choose a serializer',
  correlation_id: 'always the task id, by which results are found; taskId sets both',
  cluster_id: 'AMQP has dropped it; leave it out, or put it under headers',
  expiration: 'said to brokers alone; expires says it to workers as well',
  timelimit: 'write timeLimit and softTimeLimit',
};

/** Why an option of Celery's is not taken; `undefined` for a name that Celery does not know either. */
export function refusedOption(key: string): string | undefined {
  const name = snakeCase(key);
  return Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
}
