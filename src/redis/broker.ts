import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker.ts';
import { encodeEnvelope } from '../broker/envelope.ts';
import type { Message } from '../message/message.ts';
import type { Connection } from './connection.ts';
import { Pushes } from './envelopes.ts';
import type { Keys } from './keys.ts';

/** Messages that one LPUSH carries at most: no command should keep others waiting for long. */
const PUSH_COUNT = 500;

export class RedisBroker implements Broker {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async publish(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const pushes = new Pushes(this.#keys);
    for (const message of messages) pushes.add(message);

    await this.#connection.run('broker.publish', async (client) => {
      const pipeline = client.pipeline();
      for (const { list, queue, envelopes } of pushes) {
        // Declared each time, so that it is there again after Redis lost it.
        pipeline.sadd(this.#keys.binding(queue), this.#keys.bindingMember(queue));
        for (let i = 0; i < envelopes.length; i += PUSH_COUNT) {
          pipeline.lpush(list, ...envelopes.slice(i, i + PUSH_COUNT));
        }
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    });
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
}
