import { randomUUID } from 'node:crypto';
import { aborted } from 'node:util';
import type { Redis } from 'ioredis';
import { decodeEnvelope, encodeEnvelope, MAX_BROADCAST, type ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import type { Mailbox, MailboxOptions, Reply } from '../../contracts/broker/mailbox.ts';
import { markHandled } from '../../util/promise.ts';
import { connectReceiver, type Connection } from './connection/connection.ts';
import { readDatabase } from './connection/url.ts';
import { keysFor, type Keys } from './keys.ts';
import { queuesBound } from '../../celery/kombu/bindings.ts';

/**
 * Subscribes to the channels of all events of tasks: `task.multi`, where most workers publish several at once, and one
 * for each type. Without `fanout_patterns` there is one channel for all events.
 */
export function openRedisEventStream(options: EventStreamOptions): EventStream {
  const { server, transport, exchange } = options;
  const keys = keysFor('', transport, readDatabase(server, transport));
  const channel = keys.channel(exchange, 'task.').replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
  const pattern = transport.fanoutPatterns ? `${channel}*` : channel;
  let subscriber: Connection | null = null;
  return {
    follow(following) {
      subscriber = connectReceiver(options, 'task-events');
      return receiveMessages(subscriber, 'task-events', (client) => client.psubscribe(pattern), following);
    },
    close: async () => subscriber?.close(),
  };
}

/**
 * Subscribes to the channel of kombu's fanout exchange. Replies are pushed to the list of the requester's queue, which
 * the set of bindings names. Throws a `ConfigError` for an invalid URL.
 */
export function openRedisMailbox(options: MailboxOptions): Mailbox {
  const { server, transport, exchange } = options;
  const keys = keysFor('', transport, readDatabase(server, transport));
  const replies = connectReceiver(options, 'replies');
  let subscriber: Connection | null = null;
  return {
    serve({ receive, connected, signal }) {
      subscriber = connectReceiver(options, 'mailbox');
      return receiveMessages(subscriber, 'mailbox', (client) => client.subscribe(keys.channel(exchange, '')), {
        receive: (request, fail) => {
          const reply = receive(request);
          if (reply) send(replies, keys, reply).catch(fail);
        },
        connected,
        signal,
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
      taskId: '',
      headers,
      body,
      priority: 0,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      destination: { queue: null, exchange, exchangeType: 'direct', routingKey },
      properties: { delivery_mode: 1, priority: 0 },
    },
    randomUUID(),
  );
  await connection.run('mailbox.reply', async (client) => {
    for (const queue of queuesBound(await client.smembers(keys.binding(exchange)), routingKey, keys.sep)) {
      await client.lpush(keys.list(queue, 0), envelope);
    }
  });
}

interface Receiver extends Pick<Parameters<EventStream['follow']>[0], 'connected' | 'signal'> {
  readonly receive: (message: ReceivedMessage, fail: (error: unknown) => void) => void;
}

/**
 * Receives kombu's messages of a channel, or of a pattern of channels, until the signal aborts, and closes the
 * connection. Rejects with a `StoreError` when the connection is lost, because a new one would not be subscribed, and
 * with what `receive` reports. `role` begins error messages, such as `mailbox`.
 */
async function receiveMessages(
  connection: Connection,
  role: string,
  subscribe: (client: Redis) => Promise<unknown>,
  { receive, connected, signal }: Receiver,
): Promise<void> {
  const { client } = connection;
  const failed = Promise.withResolvers<never>();
  markHandled(failed.promise);
  const fail = (error: unknown) => failed.reject(connection.failure(`${role}.serve`, error));
  const take = (text: string) => {
    const message = decodeEnvelope(text, MAX_BROADCAST);
    if (message) receive(message, fail);
  };
  client.on('message', (_channel: string, text: string) => take(text));
  client.on('pmessage', (_pattern: string, _channel: string, text: string) => take(text));
  try {
    await connection.run(`${role}.subscribe`, subscribe);
    client.once('close', () => fail(new Error('Stream closed')));
    connected();
    await Promise.race([failed.promise, aborted(signal, connection)]);
  } finally {
    await connection.close();
  }
}
