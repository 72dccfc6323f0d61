import { isBroadcast, queuesBound } from './kombu.ts';
import { memoize, type Memoized } from '../../util/memoize.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { Connection } from './connection/connection.ts';
import { selectFanoutKeys } from './fanout.ts';
import type { Keys } from './keys.ts';

export interface Declaration {
  readonly key: string;
  readonly member: string;
}

/** Members of the binding sets, by exchange. */
type BindingSets = ReadonlyMap<string, readonly string[]>;

/** The queues that an exchange routes messages to: those that workers have bound, and those of the configuration. */
export class Bindings {
  readonly #keys: Keys;
  readonly #queues: Queues;
  readonly #broadcasts: Broadcasts;
  readonly #bound: BindingSets;
  /** By destination: the same object for the same member, so that a set of declarations has no duplicates. */
  readonly #declarations: Memoized<readonly Declaration[]>;

  constructor(keys: Keys, queues: Queues, broadcasts: Broadcasts, from?: Bindings, bound: BindingSets = new Map()) {
    this.#keys = keys;
    this.#queues = queues;
    this.#broadcasts = broadcasts;
    this.#bound = bound;
    this.#declarations = from ? from.#declarations : memoize<readonly Declaration[]>();
  }

  /** Reads the current bindings of workers for the destinations of these messages, as part of an operation. */
  async readFor(messages: readonly Message[], connection: Connection, operation: string): Promise<Bindings> {
    const exchanges = new Set<string>();
    const named = new Set<string>();
    for (const { destination } of messages) {
      const { exchange, routingKey } = destination;
      if (exchange === '') named.add(routingKey);
      else exchanges.add(exchange);
    }
    const lookups = this.#broadcasts.needLookup(named);
    if (exchanges.size === 0 && lookups.length === 0) return this;
    const sets = await connection.run(operation, async (client) => {
      const read = async (name: string) => [name, await client.smembers(this.#keys.binding(name))];
      const [ofExchanges, ofQueues] = await Promise.all([
        Promise.all([...exchanges].map(read)),
        Promise.all(lookups.map((name) => read(name).catch(emptyIfUnreadable))),
      ]);
      return new Map([...ofQueues, ...ofExchanges] as [string, string[]][]);
    });
    for (const queue of lookups) this.#broadcasts.update(queue, sets.get(queue) ?? []);
    return new Bindings(this.#keys, this.#queues, this.#broadcasts, this, sets);
  }

  /** The destination, or the fanout exchange of that name for a queue that workers declare as a broadcast. */
  resolve(destination: Destination): Destination {
    const { exchange, routingKey: queue } = destination;
    if (exchange !== '' || !this.#broadcasts.findMembers(queue)) return destination;
    return { queue: null, exchange: queue, exchangeType: 'fanout', routingKey: '' };
  }

  /** The queues that receive a message to this destination, without duplicates. */
  queuesFor(destination: Destination): readonly string[] {
    const { exchange, routingKey } = destination;
    if (exchange === '') return [routingKey];
    const configured = this.#queues.queuesFor(destination).map(({ name }) => name);
    const bound = queuesBound(this.#findMembers(exchange), routingKey, this.#keys.sep);
    return [...new Set([...configured, ...bound])];
  }

  /** The channels on which a message to this fanout exchange is published. */
  channelsFor(destination: Destination): readonly string[] {
    const { exchange, routingKey } = destination;
    const bound = this.#findMembers(exchange).map((member) => member.split(this.#keys.sep)[0]!);
    const configured = this.#queues
      .queuesFor(destination)
      .flatMap(({ bindings }) => bindings.filter((binding) => binding.exchange.name === exchange));
    const own = [routingKey, ...configured.map((binding) => binding.routingKey)];
    const keys = selectFanoutKeys(bound, [...own, this.#queues.defaults.routingKey]);
    return [...new Set(keys.map((key) => this.#keys.channel(exchange, key)))];
  }

  /** The bindings that kombu's producer would declare before it publishes to this destination. */
  declarationsFor(destination: Destination): readonly Declaration[] {
    const key = `${this.#queues.revision} ${JSON.stringify(destination)}`;
    return this.#declarations(key, () => this.#declare(destination));
  }

  /** Why no queue receives the message. */
  explainUnroutable({ destination }: Message): string {
    const members = this.#findMembers(destination.exchange);
    const fanout = members.some((member) => isBroadcast(member, this.#keys.sep));
    const hint = fanout ? "; workers have bound it as a fanout exchange: set exchangeType 'fanout'" : '';
    return `no queue is bound to it${hint}`;
  }

  #findMembers(exchange: string): readonly string[] {
    return this.#bound.get(exchange) ?? this.#broadcasts.findMembers(exchange) ?? [];
  }

  #declare(destination: Destination): readonly Declaration[] {
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

/** The set of a queue that this user may not read, or that has another type, counts as empty. */
function emptyIfUnreadable(error: unknown): [] {
  if (error instanceof Error && /^(NOPERM|WRONGTYPE)\b/.test(error.message)) return [];
  throw error;
}
