import type { Message } from '../../src/celery/message/message.ts';
import type { Destination } from '../../src/celery/message/destination.ts';
import { testMessage } from '../../src/drivers/broker-checks.ts';

export interface MessageParts {
  readonly queue?: string;
  /** Replaces the queue. */
  readonly destination?: Destination;
  readonly priority?: number;
  readonly body?: string;
}

/** Returns a message with defaults for everything that `parts` leaves out. */
export function makeMessage(taskId: string, { priority = 0, destination, ...parts }: MessageParts = {}): Message {
  const message = testMessage(taskId, parts);
  const { properties } = message;
  return {
    ...message,
    destination: destination ?? message.destination,
    priority,
    properties: { ...properties, priority },
  };
}
