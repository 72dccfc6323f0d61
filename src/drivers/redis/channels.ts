import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { decodeEnvelope, encodeEnvelope, MAX_BROADCAST, type ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import type { Mailbox, MailboxOptions, Reply } from '../../contracts/broker/mailbox.ts';
import { markHandled } from '../../util/promise.ts';
import { Connection } from './connection/connection.ts';
import { readDatabase } from './connection/url.ts';
import { keysFor, type Keys } from './keys.ts';
import { queuesBound } from './kombu.ts';

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
      subscriber = new Connection({ server, transport, name, tls: connection.tls, timeout: TIMEOUT });
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
    const members = await client.smembers(keys.binding(exchange));
    for (const queue of queuesBound(members, routingKey, keys.sep)) {
      await client.lpush(keys.list(queue, 0), envelope);
    }
  });
}

interface SubscriptionOptions {
  /** The beginning of error messages, such as `mailbox`. */
  readonly role: string;
  readonly subscribe: (client: Redis) => Promise<unknown>;
  readonly receive: (message: ReceivedMessage, fail: (error: unknown) => void) => void;
  readonly connected: () => void;
  readonly signal: AbortSignal;
}

/**
 * Receives kombu's messages of a channel, or of a pattern of channels, until the signal aborts, and closes the
 * connection. Rejects with a `StoreError` when the connection is lost, because a new one would not be subscribed, and
 * with what `receive` reports.
 */
async function receiveMessages(
  connection: Connection,
  { role, subscribe, receive, connected, signal }: SubscriptionOptions,
): Promise<void> {
  const { client } = connection;
  const ended = Promise.withResolvers<undefined>();
  markHandled(ended.promise);
  const fail = (error: unknown) => ended.reject(connection.failure(`${role}.serve`, error));
  const take = (text: string) => {
    const message = decodeEnvelope(text, MAX_BROADCAST);
    if (message) receive(message, fail);
  };
  client.on('message', (_channel: string, text: string) => take(text));
  client.on('pmessage', (_pattern: string, _channel: string, text: string) => take(text));
  const stop = () => ended.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await connection.run(`${role}.subscribe`, subscribe);
    client.once('close', () => fail(new Error('Stream closed')));
    connected();
    if (!signal.aborted) await ended.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await connection.close();
  }
}
