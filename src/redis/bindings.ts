import { isBroadcast, queuesBound } from '../broker/kombu.ts';
import type { Message } from '../message/message.ts';
import { nameOf, type Destination } from '../routing/destination.ts';
import type { Queues } from '../routing/queues.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** A member of a binding set. */
export interface Declaration {
  readonly key: string;
  readonly member: string;
}

const NONE: ReadonlyMap<string, readonly string[]> = new Map();

/** Which queues an exchange hands its messages on to: what workers have bound, and what the configuration describes. */
export class Bindings {
  readonly #keys: Keys;
  readonly #queues: Queues;
  readonly #found: ReadonlyMap<string, readonly string[]>;
  /** By queue or exchange and key: one object for each member, however often it is asked for. */
  readonly #declarations: Map<string, readonly Declaration[]>;

  constructor(keys: Keys, queues: Queues, from?: Bindings, found = NONE) {
    this.#keys = keys;
    this.#queues = queues;
    this.#found = found;
    this.#declarations = from ? from.#declarations : new Map<string, readonly Declaration[]>();
  }

  /** The same with what workers have bound just now, as far as these messages ask for it. */
  async readFor(messages: readonly Message[], connection: Connection): Promise<Bindings> {
    const exchanges = new Set<string>();
    for (const { destination } of messages) {
      const { exchange, exchangeType } = destination;
      if (exchange !== '' && exchangeType !== 'fanout') exchanges.add(exchange);
    }
    if (exchanges.size === 0) return this;
    const found = await connection.run('bindings.read', async (client) => {
      const read = [...exchanges].map(async (exchange) => {
        const members = await client.smembers(this.#keys.binding(exchange));
        return [exchange, members] as const;
      });
      return new Map(await Promise.all(read));
    });
    return new Bindings(this.#keys, this.#queues, this, found);
  }

  /** The queues that such a message goes to, each once. */
  queuesFor(destination: Destination): readonly string[] {
    const { exchange, routingKey } = destination;
    if (exchange === '') return [routingKey];
    const described = this.#queues.receiving(destination).map(({ name }) => name);
    const members = this.#found.get(exchange) ?? [];
    return [...new Set([...described, ...queuesBound(members, routingKey, this.#keys.sep)])];
  }

  /** What a producer of kombu's would bind before it sends such a message. */
  declarationsFor(destination: Destination): readonly Declaration[] {
    const id = JSON.stringify(destination);
    let declarations = this.#declarations.get(id);
    if (!declarations) this.#declarations.set(id, (declarations = this.#declared(destination)));
    return declarations;
  }

  /** Why no queue would receive it. */
  explain({ destination }: Message): string {
    const members = this.#found.get(destination.exchange) ?? [];
    const fanout = members.some((member) => isBroadcast(member, this.#keys.sep));
    const hint = fanout
      ? "; workers have bound it as a fanout exchange: say exchangeType 'fanout'"
      : '';
    return `no queue is bound to the ${nameOf(destination)}${hint}`;
  }

  #declared(destination: Destination): readonly Declaration[] {
    return this.#queues.declaredFor(destination).flatMap((queue) => {
      if (queue.broadcast || queue.noDeclare) return [];
      return queue.bindings
        .filter(({ exchange }) => exchange.name !== '')
        .map((binding) => ({
          key: this.#keys.binding(binding.exchange.name),
          member: this.#keys.bindingMember(queue.name, binding),
        }));
    });
  }
}
