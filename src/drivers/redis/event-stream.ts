import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import { Connection } from './connection/connection.ts';
import { readDatabase } from './connection/normalize-url.ts';
import { keysFor } from './keys.ts';
import { receiveMessages } from './subscription.ts';

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/**
 * Subscribes to the channels of all events of tasks: `task.multi`, where most workers publish several at once, and one
 * for each type. Without `fanout_patterns` there is one channel for all events.
 */
export function openRedisEventStream(options: EventStreamOptions): EventStream {
  const { server, transport, connection, exchange } = options;
  const keys = keysFor('', transport, readDatabase(server, transport));
  const channel = escapePattern(keys.channel(exchange, 'task.'));
  const pattern = transport.fanoutPatterns ? `${channel}*` : channel;
  const name = `${transport.clientName ?? 'beat'}-task-events`;
  let subscriber: Connection | null = null;
  return {
    follow(following) {
      subscriber = new Connection({
        ...{ server, transport, name },
        ...{ tls: connection.tls, timeout: TIMEOUT },
      });
      return receiveMessages(subscriber, {
        role: 'task-events',
        subscribe: (client) => client.psubscribe(pattern),
        ...following,
      });
    },
    close: async () => subscriber?.close(),
  };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}
