import { randomUUID } from 'node:crypto';
import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Bindings } from './bindings.ts';
import type { Connection } from './connection/connection.ts';
import { findUnreceived, NO_SUBSCRIBERS, RedisWrites } from './writes.ts';
import type { Keys } from './keys.ts';
import { isAboutKeys } from './rights.ts';
import { loadScript, run } from './scripts/script.ts';

const SEND = loadScript('send');

/** Messages that one script publishes at most, so that other clients do not wait long. */
const CHUNK = 500;

export class RedisBroker implements Broker {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #bindings: Bindings;

  constructor(connection: Connection, keys: Keys, bindings: Bindings) {
    this.#connection = connection;
    this.#keys = keys;
    this.#bindings = bindings;
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    const rejected: Rejection[] = [];
    for (let i = 0; i < messages.length; i += CHUNK) {
      rejected.push(...(await this.#send(messages.slice(i, i + CHUNK))));
    }
    return rejected;
  }

  async announce(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#connection.run('broker.announce', async (client) => {
      const pipeline = client.pipeline();
      for (const message of messages) {
        const { exchange, routingKey } = message.destination;
        const channel = this.#keys.channel(exchange, routingKey);
        pipeline.publish(channel, encodeEnvelope(message, randomUUID()));
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /**
   * Publishes messages in one step. If Redis rejects one of their keys, it publishes none of them. It then publishes
   * both halves in turn, so that each message is published exactly once or rejected.
   */
  async #send(messages: readonly Message[]): Promise<readonly Rejection[]> {
    const [message] = messages;
    if (!message) return [];
    try {
      const bindings = await this.#bindings.readFor(messages, this.#connection, 'broker.publish');
      const writes = new RedisWrites(this.#keys, bindings);
      for (const each of messages) writes.add(each);
      const unreceived = await this.#write(writes);
      return [
        ...writes.unroutable.map((each) => ({ message: each, reason: bindings.explainUnroutable(each) })),
        ...findUnreceived(writes.pubSub, unreceived).map((each) => ({ message: each, reason: NO_SUBSCRIBERS })),
      ];
    } catch (error) {
      if (!(error instanceof StoreError) || !isAboutKeys(error.cause)) throw error;
      if (messages.length === 1) return [{ message, reason: error.message }];
    }
    const half = Math.ceil(messages.length / 2);
    const first = await this.#send(messages.slice(0, half));
    return [...first, ...(await this.#send(messages.slice(half)))];
  }

  /** Resolves with the positions (from 1) of the pub/sub messages that no subscriber received. */
  async #write(writes: RedisWrites): Promise<readonly number[]> {
    const keys: string[] = [];
    const args: string[] = [];
    writes.addTo(keys, args);
    const reply = await this.#connection.run('broker.publish', (client) => run(client, SEND, keys, args));
    return (reply as ['committed', number[]])[1];
  }
}
