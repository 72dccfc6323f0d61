import { bindingKey, bindingMember, channelName, listKey } from './kombu.ts';
import type { TransportOptions } from '../../contracts/broker/connection-settings.ts';
import type { Binding } from '../../celery/routing/queue.ts';

/** Every name that beat uses in Redis. */
export interface Keys {
  /** STRING with a time to live: the holder's random value, as redlock writes it. */
  readonly lock: string;
  /** STRING: the fencing token of the newest term. */
  readonly term: string;
  /** HASH: name of an entry → encoded state. */
  readonly states: string;
  /** HASH: name of a stored entry → `<due> <definition>`, where `<due>` is sortable digits or `never`. */
  readonly definitions: string;
  /**
   * ZSET, all scores 0: `<due> <name>` for each stored entry, sorted by due time; before them, `- <name>` for each
   * other entry.
   */
  readonly order: string;
  /** ZSET, all scores 0: the name of each stored entry. */
  readonly names: string;
  /** ZSET, all scores 0: the ids of outbox messages, which sort in the order of publishing. */
  readonly outboxOrder: string;
  /** HASH: id → encoded message, for a broker that is another store. */
  readonly outbox: string;
  /** LIST, oldest first: commands for the leader. Also the name of the channel that notifies it. */
  readonly commands: string;
  /** HASH: command id → audit row. */
  readonly audit: string;
  /** LIST, newest first: the ids of the audit rows. */
  readonly auditOrder: string;
  /** Keys of the layout before the first release. beat does not read that layout. */
  readonly earlier: readonly string[];
  /** HASH: id of an instance → `<when it was seen> <announcement>`. */
  readonly instances: string;
  /** HASH, a ring of two days: slot of a minute → `<number> <published> <skipped> <succeeded> <failed>`. */
  readonly minutes: string;
  /** LIST, oldest first: the history of an entry. */
  history(entry: string): string;
  /** Channel: a message for each release of the lock. Channels are shared by all databases of a server. */
  readonly released: string;
  /** LIST, newest first: kombu's envelopes of one queue and priority. */
  list(queue: string, priority: number): string;
  /** SET: kombu's bindings of an exchange. */
  binding(exchange: string): string;
  /** The member of a queue in the set of bindings. */
  bindingMember(queue: string, binding: Binding): string;
  /** The separator between the parts of a member. */
  readonly sep: string;
  /** Channel of one of kombu's fanout exchanges, which carry task events too. Its name contains the database. */
  channel(exchange: string, routingKey: string): string;
}

export function keysFor(keyPrefix: string, transport: TransportOptions, database: number): Keys {
  const global = transport.globalKeyprefix;
  const own = `${global}${keyPrefix}:`;
  return {
    lock: `${own}lock`,
    term: `${own}term`,
    states: `${own}states`,
    definitions: `${own}definitions`,
    order: `${own}order`,
    names: `${own}names`,
    earlier: [`${own}records`, `${own}entries`],
    outboxOrder: `${own}outbox:order`,
    outbox: `${own}outbox`,
    commands: `${own}commands`,
    audit: `${own}audit`,
    auditOrder: `${own}audit:order`,
    instances: `${own}instances`,
    minutes: `${own}minutes`,
    history: (entry) => `${own}history:${entry}`,
    released: `${own}released`,
    list: (queue, priority) => global + listKey(queue, priority, transport),
    binding: (exchange) => global + bindingKey(exchange),
    bindingMember: (queue, binding) => bindingMember(queue, binding, transport.sep),
    sep: transport.sep,
    channel: (exchange, routingKey) => global + channelName(exchange, routingKey, { database, ...transport }),
  };
}
