import type { Message } from '../../src/message/message.ts';
import { toQueue } from '../../src/routing/destination.ts';

export interface MessageParts {
  readonly queue?: string;
  readonly priority?: number;
  readonly body?: string;
}

/** A finished message with nothing remarkable but what is asked for. */
export function messageOf(taskId: string, parts: MessageParts = {}): Message {
  const { queue = 'celery', priority = 0, body = '[[], {}, {}]' } = parts;
  return {
    taskId,
    destination: toQueue(queue),
    priority,
    headers: { lang: 'js', task: 'tasks.add', id: taskId },
    properties: { correlation_id: taskId, reply_to: '', delivery_mode: 2, priority },
    body: Buffer.from(body),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}
