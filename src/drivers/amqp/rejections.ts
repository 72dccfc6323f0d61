import { describeTlsError } from '../connection/tls.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Queue } from '../../celery/routing/queue.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { isChannelError, isDenied, isMissing, isPrecondition, type PublishResult } from './publish-channel.ts';

export function explainDeclaration(queue: Queue, error: Error, queues: Queues): string {
  const reason = describeServerError(error);
  const [, argument, kind] = /inequivalent arg '(.+?)' for (queue|exchange)/.exec(reason) ?? [];
  if (isDenied(error)) {
    const remedy = 'grant the configure permission, or set "declareQueues: false"';
    return `it cannot be declared: ${reason}; ${remedy}`;
  }
  if (!isPrecondition(error) || argument === undefined) {
    return `it cannot be declared: ${reason}; with "declareQueues: false" beat declares nothing`;
  }
  const setting = findSetting(kind === 'exchange' ? 'exchange type' : argument, queue, queues);
  return (
    `it cannot be declared, because the ${kind} exists with another argument: ${reason}; ` +
    `set ${setting} to the existing value, or set "declareQueues: false"`
  );
}

function findSetting(argument: string, queue: Queue, queues: Queues): string {
  if (queues.isConfigured(queue)) return `it in taskQueues ("${queue.name}")`;
  const isDefault = queue === queues.default;
  if (argument === 'x-max-priority') return 'taskQueueMaxPriority';
  if (argument === 'x-queue-type') {
    return isDefault ? 'taskDefaultQueueType' : 'taskCreateMissingQueueType';
  }
  if (argument === 'exchange type') {
    return isDefault ? 'taskDefaultExchangeType' : 'taskCreateMissingQueueExchangeType';
  }
  return `"${argument}" of "${queue.name}" in taskQueues`;
}

export function explainRejection(result: Exclude<PublishResult, 'acked'>, destination: Destination): string {
  if (result === 'unroutable') return explainUnroutable(destination);
  if (result === 'nacked') return 'RabbitMQ rejected it, as it does when a queue is full';
  if (isMissing(result)) {
    return 'there is no such exchange; beat declares the exchanges of taskQueues, workers their own';
  }
  const reason = describeServerError(result);
  if (isDenied(result)) return `RabbitMQ rejected it: ${reason}; grant the write permission`;
  if (isChannelError(result)) return `RabbitMQ rejected it: ${reason}`;
  return `it cannot be encoded as AMQP: ${result.message}`;
}

function explainUnroutable({ exchange, exchangeType }: Destination): string {
  if (exchange === '') return 'there is no such queue';
  if (exchangeType === 'fanout') return 'no queue is bound to it';
  if (exchangeType === 'headers') return 'no queue is bound to it by such headers';
  return 'no queue is bound to it by that routing key';
}

/** RabbitMQ's reason, without the text that amqplib adds. */
export function describeServerError(error: Error): string {
  return /with message "(.*)"$/s.exec(error.message)?.[1] ?? describeTlsError(error);
}
