import type { Message } from '../../src/celery/message/message.ts';
import { toQueue, type Destination } from '../../src/celery/message/destination.ts';

export interface MessageParts {
  readonly queue?: string;
  /** Replaces the queue. */
  readonly destination?: Destination;
  readonly priority?: number;
  readonly body?: string;
}

/** Returns a message with defaults for everything that `parts` leaves out. */
export function makeMessage(taskId: string, parts: MessageParts = {}): Message {
  const { queue = 'celery', destination = toQueue(queue), priority = 0, body = '[[], {}, {}]' } = parts;
  return {
    taskId,
    destination,
    priority,
    headers: { lang: 'js', task: 'tasks.add', id: taskId },
    properties: { correlation_id: taskId, reply_to: '', delivery_mode: 2, priority },
    body: Buffer.from(body),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}
