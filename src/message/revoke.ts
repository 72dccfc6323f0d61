import type { Message } from './message.ts';

/** The exchange of Celery's remote control, unless workers have another `control_exchange`. */
const EXCHANGE = 'celery.pidbox';

/**
 * Celery's remote-control command that ends tasks: workers discard those that wait, and send SIGTERM to the processes of
 * those that run. Workers that are not connected do not receive it.
 */
export function buildRevoke(taskIds: readonly string[]): Message {
  const command = {
    method: 'revoke',
    arguments: { task_id: taskIds, terminate: true, signal: 'SIGTERM' },
    ...{ destination: null, pattern: null, matcher: null },
  };
  return {
    taskId: taskIds[0] ?? '',
    destination: { queue: null, exchange: EXCHANGE, exchangeType: 'fanout', routingKey: '' },
    priority: 0,
    headers: { clock: 0, expires: 0 },
    properties: { delivery_mode: 1, priority: 0 },
    body: Buffer.from(JSON.stringify(command)),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}
