import { randomUUID } from 'node:crypto';
import { isBroadcast, receiversOf } from '../../celery/kombu/bindings.ts';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Destination } from '../../celery/message/destination.ts';
import { copyMessage, type Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { Rejection } from '../../contracts/broker/broker.ts';
import type { Clock } from '../../util/clock.ts';
import { memoize } from '../../util/memoize.ts';
import { createBroadcasts } from './broadcasts.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { selectFanoutKeys } from './kombu.ts';
import type { ScriptInput } from './scripts/script.ts';

export const NO_SUBSCRIBERS = 'the fanout exchange has no subscribers';

interface Declaration {
  readonly key: string;
  readonly member: string;
}

interface PubSubMessage {
  readonly message: Message;
  readonly channel: string;
  readonly envelope: string;
}

export interface RedisWrites {
  /** By list: the envelopes to push, oldest first, so that one LPUSH carries many messages in their order. */
  readonly lists: ReadonlyMap<string, string[]>;
  readonly declarations: ReadonlySet<Declaration>;
  readonly pubSub: readonly PubSubMessage[];
  readonly unroutable: readonly Rejection[];
}

/** Members of the binding sets, by exchange. */
type BindingSets = ReadonlyMap<string, readonly string[]>;

/** The queues that an exchange routes messages to: those that workers have bound, and those of the configuration. */
export type Bindings = ReturnType<typeof createBindings>;

export function createBindings(keys: Keys, queues: Queues, clock: Clock) {
  const { sep } = keys;
  const broadcasts = createBroadcasts(queues, clock, sep);
  /** By destination: the same object for the same member, so that a set of declarations has no duplicates. */
  const declarations = memoize<readonly Declaration[]>();

  /** Reads what workers have bound to the destinations of these messages. */
  const read = async (
    messages: readonly Message[],
    connection: Connection,
    operation: string,
  ): Promise<BindingSets> => {
    const [named, exchanges] = [new Set<string>(), new Set<string>()];
    for (const { destination } of messages) {
      if (destination.exchange === '') named.add(destination.routingKey);
      else exchanges.add(destination.exchange);
    }
    const lookups = broadcasts.needLookup(named);
    if (exchanges.size === 0 && lookups.length === 0) return new Map();
    const sets = await connection.run(operation, async (client) => {
      const members = async (name: string) => [name, await client.smembers(keys.binding(name))] as const;
      const [ofExchanges, ofQueues] = await Promise.all([
        Promise.all([...exchanges].map(members)),
        Promise.all(lookups.map((name) => members(name).catch((error: unknown) => emptyIfUnreadable(name, error)))),
      ]);
      return new Map([...ofQueues, ...ofExchanges]);
    });
    for (const queue of lookups) broadcasts.update(queue, sets.get(queue) ?? []);
    return sets;
  };

  /** The destination, or the fanout exchange of that name for a queue that workers declare as a broadcast. */
  const resolve = (destination: Destination): Destination => {
    const { exchange, routingKey: queue } = destination;
    if (exchange !== '' || !broadcasts.findMembers(queue)) return destination;
    return { queue: null, exchange: queue, exchangeType: 'fanout', routingKey: '' };
  };

  const channelsFor = (destination: Destination, members: readonly string[]): Iterable<string> => {
    const { exchange, routingKey } = destination;
    const bound = members.map((member) => member.split(sep)[0]!);
    const configured = queues
      .queuesFor(destination)
      .flatMap(({ bindings }) => bindings.filter((binding) => binding.exchange.name === exchange));
    const own = [routingKey, ...configured.map((binding) => binding.routingKey), queues.defaultRoutingKey];
    return new Set(selectFanoutKeys(bound, own).map((key) => keys.channel(exchange, key)));
  };

  /** The bindings that kombu's producer would declare before it publishes to this destination. */
  const declarationsFor = (destination: Destination): readonly Declaration[] =>
    declarations(`${queues.revision} ${JSON.stringify(destination)}`, () =>
      queues.declaredFor(destination).flatMap((queue) => {
        if (queue.broadcast || queue.noDeclare) return [];
        const bindings = queue.bindings.filter(({ exchange }) => exchange.name !== '');
        return bindings.map((binding) => ({
          key: keys.binding(binding.exchange.name),
          member: keys.bindingMember(queue.name, binding),
        }));
      }),
    );

  const explainUnroutable = (members: readonly string[]): string => {
    const fanout = members.some((member) => isBroadcast(member, sep));
    const hint = fanout ? "; workers have bound it as a fanout exchange: set exchangeType 'fanout'" : '';
    return `no queue is bound to it${hint}`;
  };

  /** Routes messages by these binding sets, and by the configuration. */
  const route = (messages: readonly Message[], bound: BindingSets = new Map()): RedisWrites => {
    const lists = new Map<string, string[]>();
    const declared = new Set<Declaration>();
    const pubSub: PubSubMessage[] = [];
    const unroutable: Rejection[] = [];
    /** Lists of queues that were addressed by name: their bindings are already declared. */
    const known = new Set<string>();
    const push = (list: string, message: Message) => {
      const envelopes = lists.get(list);
      // Each copy has a delivery tag of its own.
      const envelope = encodeEnvelope(message, randomUUID());
      if (envelopes) envelopes.push(envelope);
      else lists.set(list, [envelope]);
    };
    for (const message of messages) {
      const { exchange: given, routingKey } = message.destination;
      const named = given === '' ? keys.list(routingKey, message.priority) : null;
      if (named !== null && known.has(named)) {
        push(named, message);
        continue;
      }
      const destination = resolve(message.destination);
      const { exchange, exchangeType } = destination;
      const members = bound.get(exchange) ?? broadcasts.findMembers(exchange) ?? [];
      for (const declaration of declarationsFor(destination)) declared.add(declaration);
      if (exchange !== '' && exchangeType === 'fanout') {
        for (const channel of channelsFor(destination, members)) {
          const envelope = encodeEnvelope(copyMessage(message, { destination }), randomUUID());
          pubSub.push({ message, channel, envelope });
        }
        continue;
      }
      if (named !== null) {
        push(named, message);
        known.add(named);
        continue;
      }
      const receivers = receiversOf(destination, queues, members, sep);
      if (receivers.size === 0) unroutable.push({ message, reason: explainUnroutable(members) });
      for (const queue of receivers) push(keys.list(queue, message.priority), message);
    }
    return { lists, declarations: declared, pubSub, unroutable };
  };

  return {
    route,
    /** Routes messages by the current bindings, which it reads as part of an operation. */
    async readAndRoute(messages: readonly Message[], connection: Connection, operation: string): Promise<RedisWrites> {
      return route(messages, await read(messages, connection, operation));
    },
  };
}

/** The set of a queue that this user may not read, or that has another type, counts as empty. */
function emptyIfUnreadable(queue: string, error: unknown): readonly [string, string[]] {
  if (error instanceof Error && /^(NOPERM|WRONGTYPE)\b/.test(error.message)) return [queue, []];
  throw error;
}

/** Appends the keys and arguments that a publishing script reads. */
export function addWrites({ pubSub, lists, declarations }: RedisWrites, { keys, args }: ScriptInput): void {
  args.push(String(pubSub.length));
  for (const { channel, envelope } of pubSub) args.push(channel, envelope);
  args.push(String(lists.size));
  for (const [list, envelopes] of lists) {
    keys.push(list);
    args.push(String(envelopes.length));
    for (const envelope of envelopes) args.push(envelope);
  }
  for (const { key, member } of declarations) {
    keys.push(key);
    args.push(member);
  }
}

/** The messages that no subscriber received on any channel; `unreceived` has positions in `pubSub`, from 1. */
export function findUnreceived({ pubSub }: RedisWrites, unreceived: readonly number[] = []): Message[] {
  if (unreceived.length === 0) return [];
  const positions = new Set(unreceived);
  const received = new Set(pubSub.filter((_, i) => !positions.has(i + 1)).map(({ message }) => message));
  return [...new Set(pubSub.map(({ message }) => message)).difference(received)];
}
