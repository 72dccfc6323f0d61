import { isBroadcast, queuesBound } from '../../broker/kombu.ts';
import { memoize, type Memoized } from '../../util/memoize.ts';
import type { Message } from '../../message/message.ts';
import type { Destination } from '../../message/destination.ts';
import type { Queues } from '../../routing/queues.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { Connection } from './connection.ts';
import { keysToTell } from './fanout.ts';
import type { Keys } from './keys.ts';

/** A member of a binding set. */
export interface Declaration {
  readonly key: string;
  readonly member: string;
}

type Found = ReadonlyMap<string, readonly string[]>;

/** Which queues an exchange hands its messages on to: what workers have bound, and what the configuration describes. */
export class Bindings {
  readonly #keys: Keys;
  readonly #queues: Queues;
  readonly #broadcasts: Broadcasts;
  readonly #found: Found;
  /** By destination: one object for each member, however often it is asked for. */
  readonly #declarations: Memoized<readonly Declaration[]>;

  constructor(
    keys: Keys,
    queues: Queues,
    broadcasts: Broadcasts,
    from?: Bindings,
    found: Found = new Map(),
  ) {
    this.#keys = keys;
    this.#queues = queues;
    this.#broadcasts = broadcasts;
    this.#found = found;
    this.#declarations = from ? from.#declarations : memoize<readonly Declaration[]>();
  }

  /** The same with what workers have bound just now, as far as these messages ask for it: part of an operation. */
  async readFor(
    messages: readonly Message[],
    connection: Connection,
    operation: string,
  ): Promise<Bindings> {
    const exchanges = new Set<string>();
    const named = new Set<string>();
    for (const { destination } of messages) {
      const { exchange, routingKey } = destination;
      if (exchange === '') named.add(routingKey);
      else exchanges.add(exchange);
    }
    const unknown = this.#broadcasts.unknown(named);
    if (exchanges.size === 0 && unknown.length === 0) return this;
    const found = await connection.run(operation, async (client) => {
      const read = async (name: string) => [name, await client.smembers(this.#keys.binding(name))];
      const [bound, looked] = await Promise.all([
        Promise.all([...exchanges].map(read)),
        Promise.all(unknown.map((name) => read(name).catch(orNothing))),
      ]);
      return new Map([...looked, ...bound] as [string, string[]][]);
    });
    for (const queue of unknown) this.#broadcasts.found(queue, found.get(queue) ?? []);
    return new Bindings(this.#keys, this.#queues, this.#broadcasts, this, found);
  }

  /** Where a message really goes: a queue that workers take for a broadcast is the exchange of that name. */
  meantBy(destination: Destination): Destination {
    const { exchange, routingKey: queue } = destination;
    if (exchange !== '' || !this.#broadcasts.membersOf(queue)) return destination;
    return { queue: null, exchange: queue, exchangeType: 'fanout', routingKey: '' };
  }

  /** The queues that such a message goes to, each once. */
  queuesFor(destination: Destination): readonly string[] {
    const { exchange, routingKey } = destination;
    if (exchange === '') return [routingKey];
    const described = this.#queues.queuesFor(destination).map(({ name }) => name);
    const bound = queuesBound(this.#membersOf(exchange), routingKey, this.#keys.sep);
    return [...new Set([...described, ...bound])];
  }

  /** The channels that such a message, to a fanout exchange, is told on. */
  channelsFor(destination: Destination): readonly string[] {
    const { exchange, routingKey } = destination;
    const bound = this.#membersOf(exchange).map((member) => member.split(this.#keys.sep)[0]!);
    const described = this.#queues
      .queuesFor(destination)
      .flatMap(({ bindings }) => bindings.filter((binding) => binding.exchange.name === exchange));
    const own = [routingKey, ...described.map((binding) => binding.routingKey)];
    const keys = keysToTell(bound, [...own, this.#queues.defaults.routingKey]);
    return [...new Set(keys.map((key) => this.#keys.channel(exchange, key)))];
  }

  /** What a producer of kombu's would bind before it sends such a message. */
  declarationsFor(destination: Destination): readonly Declaration[] {
    return this.#declarations(JSON.stringify(destination), () => this.#declared(destination));
  }

  /** Why no queue would receive it. */
  explain({ destination }: Message): string {
    const members = this.#membersOf(destination.exchange);
    const fanout = members.some((member) => isBroadcast(member, this.#keys.sep));
    const hint = fanout
      ? "; workers have bound it as a fanout exchange: say exchangeType 'fanout'"
      : '';
    return `no queue is bound to it${hint}`;
  }

  #membersOf(exchange: string): readonly string[] {
    return this.#found.get(exchange) ?? this.#broadcasts.membersOf(exchange) ?? [];
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

/** Who may not read the set of a queue, or finds something else there, goes on as if nobody had asked. */
function orNothing(error: unknown): [] {
  if (error instanceof Error && /^(NOPERM|WRONGTYPE)\b/.test(error.message)) return [];
  throw error;
}
