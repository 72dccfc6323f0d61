import type { Redis } from 'ioredis';
import {
  decodeEnvelope,
  MAX_BROADCAST,
  type ReceivedMessage,
} from '../../celery/kombu/envelope.ts';
import { markHandled } from '../../util/promise.ts';
import type { Connection } from './connection/connection.ts';

export interface SubscriptionOptions {
  /** The beginning of error messages, such as `mailbox`. */
  readonly role: string;
  readonly subscribe: (client: Redis) => Promise<unknown>;
  readonly receive: (message: ReceivedMessage, fail: (error: unknown) => void) => void;
  readonly connected: () => void;
  readonly signal: AbortSignal;
}

/**
 * Receives kombu's messages of a channel, or of a pattern of channels, until the signal aborts, and closes the
 * connection: one that was lost and opened again would not be subscribed any more. Rejects with a `StoreError` when it
 * is lost, and with what `receive` reports.
 */
export async function receiveMessages(
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
