import type { Message } from './message.ts';

/**
 * Celery's remote-control command that ends tasks: workers discard those that wait, and send SIGTERM to the processes of
 * those that run. Workers that are not connected do not receive it, nor those whose `control_exchange` is not `namespace`.
 */
export function buildRevoke(taskIds: readonly string[], namespace: string): Message {
  const command = {
    method: 'revoke',
    arguments: { task_id: taskIds, terminate: true, signal: 'SIGTERM' },
    ...{ destination: null, pattern: null, matcher: null },
  };
  const exchange = `${namespace}.pidbox`;
  return {
    taskId: taskIds[0] ?? '',
    destination: { queue: null, exchange, exchangeType: 'fanout', routingKey: '' },
    priority: 0,
    headers: { clock: 0, expires: 0 },
    properties: { delivery_mode: 1, priority: 0 },
    body: Buffer.from(JSON.stringify(command)),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}
