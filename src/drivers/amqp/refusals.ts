import { tlsWords } from '../../broker/tls.ts';
import type { Destination } from '../../message/destination.ts';
import type { Queue } from '../../routing/queue.ts';
import type { Queues } from '../../routing/queues.ts';
import { isAboutMessages, isDenied, isMissing, isPrecondition, type Fate } from './lane.ts';

/** Why a queue could not be declared, and what to do about it. */
export function explainDeclaration(queue: Queue, error: Error, queues: Queues): string {
  const said = serversWords(error);
  const [, argument, kind] = /inequivalent arg '(.+?)' for (queue|exchange)/.exec(said) ?? [];
  if (isDenied(error)) {
    const way =
      'grant the configure permission, or set "declareQueues: false" and leave that to others';
    return `it cannot be declared: ${said}; ${way}`;
  }
  if (!isPrecondition(error) || argument === undefined) {
    return `it cannot be declared: ${said}; "declareQueues: false" leaves that to others`;
  }
  const setting = settingFor(kind === 'exchange' ? 'exchange type' : argument, queue, queues);
  return (
    `it cannot be declared, for the ${kind} stands there made otherwise: ${said}; ` +
    `set ${setting} to what it was made with, or "declareQueues: false"`
  );
}

/** What in the configuration says so of this queue. */
function settingFor(what: string, queue: Queue, queues: Queues): string {
  if (queues.isConfigured(queue)) return `it in taskQueues ("${queue.name}")`;
  const isDefault = queue === queues.default;
  if (what === 'x-max-priority') return 'taskQueueMaxPriority';
  if (what === 'x-queue-type') {
    return isDefault ? 'taskDefaultQueueType' : 'taskCreateMissingQueueType';
  }
  if (what === 'exchange type') {
    return isDefault ? 'taskDefaultExchangeType' : 'taskCreateMissingQueueExchangeType';
  }
  return `"${what}" of "${queue.name}" in taskQueues`;
}

/** Why a message is in no queue. */
export function explainFate(fate: Exclude<Fate, 'taken'>, destination: Destination): string {
  if (fate === 'unroutable') return nobodyTakes(destination);
  if (fate === 'nacked') return 'RabbitMQ rejected it, as it does when a queue is full';
  if (isMissing(fate)) {
    return 'there is no such exchange; beat makes those of queues in taskQueues, workers their own';
  }
  if (isDenied(fate)) return `RabbitMQ refused: ${serversWords(fate)}; grant the write permission`;
  if (isAboutMessages(fate)) return `RabbitMQ refused: ${serversWords(fate)}`;
  return `it cannot be written as AMQP: ${fate.message}`;
}

function nobodyTakes({ exchange, exchangeType }: Destination): string {
  if (exchange === '') return 'there is no such queue';
  if (exchangeType === 'fanout') return 'no queue is bound to it';
  if (exchangeType === 'headers') return 'no queue is bound to it by such headers';
  return 'no queue is bound to it by that routing key';
}

/** What RabbitMQ said, out of what the client library says around it. */
export function serversWords(error: Error): string {
  return /with message "(.*)"$/s.exec(error.message)?.[1] ?? tlsWords(error);
}
