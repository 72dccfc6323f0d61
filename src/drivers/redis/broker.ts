import { randomUUID } from 'node:crypto';
import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../celery/message/message.ts';
import { addWrites, findUnreceived, NO_SUBSCRIBERS, type Bindings } from './bindings.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { isAboutKeys } from './rights.ts';
import { loadScript, type ScriptInput } from './scripts/script.ts';

const SEND = loadScript('send');

/** Messages that one script publishes at most, so that other clients do not wait long. */
const CHUNK = 500;

export function redisBroker(connection: Connection, keys: Keys, bindings: Bindings): Broker {
  /** Publishes messages in one step. Resolves with the rejected ones. */
  const sendAtOnce = async (messages: readonly Message[]): Promise<readonly Rejection[]> => {
    const writes = await bindings.readAndRoute(messages, connection, 'broker.publish');
    const input: ScriptInput = { keys: [], args: [] };
    addWrites(writes, input);
    const reply = await connection.runScript<['committed', number[]]>('broker.publish', SEND, input.keys, input.args);
    const dropped = findUnreceived(writes, reply[1]);
    return [...writes.unroutable, ...dropped.map((message) => ({ message, reason: NO_SUBSCRIBERS }))];
  };

  /**
   * Publishes messages in one step. If Redis rejects one of their keys, it publishes none of them. It then publishes
   * both halves in turn, so that each message is published exactly once or rejected.
   */
  const send = async (messages: readonly Message[]): Promise<readonly Rejection[]> => {
    const [message] = messages;
    if (!message) return [];
    try {
      return await sendAtOnce(messages);
    } catch (error) {
      if (!(error instanceof StoreError) || !isAboutKeys(error.cause)) throw error;
      if (messages.length === 1) return [{ message, reason: error.message }];
    }
    const half = Math.ceil(messages.length / 2);
    return [...(await send(messages.slice(0, half))), ...(await send(messages.slice(half)))];
  };

  return {
    async publish(messages) {
      const rejected: Rejection[] = [];
      for (let i = 0; i < messages.length; i += CHUNK) rejected.push(...(await send(messages.slice(i, i + CHUNK))));
      return rejected;
    },

    async announce(messages) {
      if (messages.length === 0) return;
      await connection.run('broker.announce', async (client) => {
        const pipeline = client.pipeline();
        for (const message of messages) {
          const { exchange, routingKey } = message.destination;
          pipeline.publish(keys.channel(exchange, routingKey), encodeEnvelope(message, randomUUID()));
        }
        for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
      });
    },

    close: () => connection.close(),
  };
}
