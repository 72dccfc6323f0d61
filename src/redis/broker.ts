import { randomUUID } from 'node:crypto';
import { RefusedError, type Broker, type Refusal } from '../broker/broker.ts';
import { encodeEnvelope } from '../broker/envelope.ts';
import type { Message } from '../message/message.ts';
import type { Bindings } from './bindings.ts';
import type { Connection } from './connection.ts';
import { Pushes, unheardOf } from './envelopes.ts';
import type { Keys } from './keys.ts';

/** Messages that one LPUSH carries at most: no command should keep others waiting for long. */
const PUSH_COUNT = 500;

const UNHEARD = 'nobody listens';

export class RedisBroker implements Broker {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #bindings: Bindings;

  constructor(connection: Connection, keys: Keys, bindings: Bindings) {
    this.#connection = connection;
    this.#keys = keys;
    this.#bindings = bindings;
  }

  async publish(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const bindings = await this.#bindings.readFor(messages, this.#connection, 'broker.publish');
    const pushes = new Pushes(this.#keys, bindings);
    for (const message of messages) pushes.add(message);
    const { told, lists, declarations, lost } = pushes;

    const heard = await this.#connection.run('broker.publish', async (client) => {
      const pipeline = client.pipeline();
      for (const { channel, envelope } of told) pipeline.publish(channel, envelope);
      // Declared each time, so that they are there again after Redis lost them.
      for (const { key, member } of declarations) pipeline.sadd(key, member);
      for (const [list, envelopes] of lists) {
        for (let i = 0; i < envelopes.length; i += PUSH_COUNT) {
          pipeline.lpush(list, ...envelopes.slice(i, i + PUSH_COUNT));
        }
      }
      const answers = (await pipeline.exec()) ?? [];
      for (const [error] of answers) if (error) throw error;
      return answers.slice(0, told.length).map(([, count]) => count as number);
    });
    const refused: Refusal[] = [
      ...lost.map((message) => ({ message, reason: bindings.explain(message) })),
      ...unheardOf(told, (i) => heard[i] !== 0).map((message) => ({ message, reason: UNHEARD })),
    ];
    if (refused.length > 0) throw new RefusedError(refused);
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
