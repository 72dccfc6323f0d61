import type { Message } from './message.ts';

/** The exchange of Celery's events, with its type on this broker. */
export interface TaskEventSettings {
  readonly exchange: string;
  readonly exchangeType: 'fanout' | 'topic';
}

export interface TaskEventSource extends TaskEventSettings {
  /** `gen<pid>@<host>`, as Celery's producers call themselves. */
  readonly origin: string;
}

export interface SentTask {
  readonly message: Message;
  /** When the message was created, epoch milliseconds. */
  readonly sentAt: number;
  /** The host's offset at that time, in hours to the west: -1 in Oslo in winter. */
  readonly utcoffset: number;
  /** Grows with each event of one source. */
  readonly clock: number;
}

/** Builds Celery's transient `task-sent` event, which producers publish if `task_send_sent_event` is on. */
export function buildTaskSent({ message, ...sent }: SentTask, source: TaskEventSource): Message {
  const { origin, exchange, exchangeType } = source;
  const { taskId, headers: own, about: headers = own, destination } = message;
  const event = {
    hostname: origin,
    utcoffset: sent.utcoffset,
    // 0 for a name of a producer that a user chose.
    pid: Number(/^gen(\d+)@/.exec(origin)?.[1] ?? 0),
    clock: sent.clock,
    uuid: taskId,
    root_id: headers['root_id'],
    parent_id: headers['parent_id'],
    name: headers['task'],
    args: headers['argsrepr'],
    kwargs: headers['kwargsrepr'],
    retries: headers['retries'],
    eta: headers['eta'],
    expires: headers['expires'],
    queue: destination.queue,
    exchange: destination.exchange,
    routing_key: destination.routingKey,
    timestamp: sent.sentAt / 1_000,
    type: 'task-sent',
  };
  const to = { queue: null, exchange, exchangeType, routingKey: 'task.sent' };
  return transientMessage(taskId, to, { hostname: origin }, event);
}

function transientMessage(
  taskId: string,
  destination: Message['destination'],
  headers: Message['headers'],
  content: unknown,
): Message {
  return {
    taskId,
    destination,
    priority: 0,
    headers,
    properties: { delivery_mode: 1, priority: 0 },
    body: Buffer.from(JSON.stringify(content)),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}

/** Celery's request that ends tasks, running ones by SIGTERM. Only connected workers of the namespace receive it. */
export function buildRevoke(taskIds: readonly string[], namespace: string): Message {
  const request = {
    method: 'revoke',
    arguments: { task_id: taskIds, terminate: true, signal: 'SIGTERM' },
    destination: null,
    pattern: null,
    matcher: null,
  };
  const to = { queue: null, exchange: `${namespace}.pidbox`, exchangeType: 'fanout', routingKey: '' } as const;
  return transientMessage(taskIds[0] ?? '', to, { clock: 0, expires: 0 }, request);
}
