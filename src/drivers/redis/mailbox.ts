import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import { queuesBound } from './kombu.ts';
import type { Mailbox, MailboxOptions, Reply } from '../../contracts/broker/mailbox.ts';
import { Connection } from './connection/connection.ts';
import { readDatabase } from './connection/normalize-url.ts';
import { keysFor, type Keys } from './keys.ts';
import { receiveMessages } from './subscription.ts';

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/**
 * Subscribes to the channel of kombu's fanout exchange. Replies are pushed to the list of the requester's queue, which
 * the set of bindings names. Throws a `ConfigError` for an invalid URL.
 */
export function openRedisMailbox(options: MailboxOptions): Mailbox {
  const { server, transport, connection: settings, exchange } = options;
  const keys = keysFor('', transport, readDatabase(server, transport));
  const connect = (role: string) => {
    const name = `${transport.clientName ?? 'beat'}-${role}`;
    return new Connection({ server, transport, tls: settings.tls, name, timeout: TIMEOUT });
  };
  const replies = connect('replies');
  let subscriber: Connection | null = null;
  return {
    serve({ receive, connected, signal }) {
      subscriber = connect('mailbox');
      return receiveMessages(subscriber, {
        role: 'mailbox',
        subscribe: (client) => client.subscribe(keys.channel(exchange, '')),
        receive: (request, fail) => {
          const reply = receive(request);
          if (reply) send(replies, keys, reply).catch(fail);
        },
        ...{ connected, signal },
      });
    },
    close: async () => {
      await Promise.all([subscriber?.close(), replies.close()]);
    },
  };
}

async function send(connection: Connection, keys: Keys, reply: Reply): Promise<void> {
  const { exchange, routingKey, headers, body } = reply;
  const envelope = encodeEnvelope(
    {
      ...{ taskId: '', headers, body, priority: 0 },
      ...{ contentType: 'application/json', contentEncoding: 'utf-8' },
      destination: { queue: null, exchange, exchangeType: 'direct', routingKey },
      properties: { delivery_mode: 1, priority: 0 },
    },
    randomUUID(),
  );
  await connection.run('mailbox.reply', async (client) => {
    const members = await client.smembers(keys.binding(exchange));
    for (const queue of queuesBound(members, routingKey, keys.sep)) {
      await client.lpush(keys.list(queue, 0), envelope);
    }
  });
}
