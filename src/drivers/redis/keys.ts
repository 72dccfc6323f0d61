import { bindingKey, bindingMember, channelName, listKey } from './kombu.ts';
import type { TransportOptions } from '../../contracts/broker/connection-settings.ts';
import type { Binding } from '../../celery/routing/queue.ts';

/** Every name that beat uses in Redis. */
export type Keys = ReturnType<typeof keysFor>;

export function keysFor(keyPrefix: string, transport: TransportOptions, database: number) {
  const global = transport.globalKeyprefix;
  const own = `${global}${keyPrefix}:`;
  return {
    /** STRING with a time to live: the holder's random value, as redlock writes it. */
    lock: `${own}lock`,
    /** STRING: the fencing token of the newest term. */
    term: `${own}term`,
    /** HASH: name of an entry → encoded state. */
    states: `${own}states`,
    /** HASH: name of a stored entry → `<due> <definition>`, where `<due>` is sortable digits or `never`. */
    definitions: `${own}definitions`,
    /**
     * ZSET, all scores 0: `<due> <name>` for each stored entry, sorted by due time; before them, `- <name>` for each
     * other entry.
     */
    order: `${own}order`,
    /** ZSET, all scores 0: the name of each stored entry. */
    names: `${own}names`,
    /** Keys of the layout before the first release. beat does not read that layout. */
    earlier: [`${own}records`, `${own}entries`],
    /** ZSET, all scores 0: the ids of outbox messages, which sort in the order of publishing. */
    outboxOrder: `${own}outbox:order`,
    /** HASH: id → encoded message, for a broker that is another store. */
    outbox: `${own}outbox`,
    /** LIST, oldest first: commands for the leader. Also the name of the channel that notifies it. */
    commands: `${own}commands`,
    /** HASH: command id → audit row. */
    audit: `${own}audit`,
    /** LIST, newest first: the ids of the audit rows. */
    auditOrder: `${own}audit:order`,
    /** HASH: id of an instance → `<when it was seen> <announcement>`. */
    instances: `${own}instances`,
    /** HASH, a ring of two days: slot of a minute → `<number> <published> <skipped> <succeeded> <failed>`. */
    minutes: `${own}minutes`,
    /** LIST, oldest first: the history of an entry. */
    history: (entry: string) => `${own}history:${entry}`,
    /** Channel: a message for each release of the lock. Channels are shared by all databases of a server. */
    released: `${own}released`,
    /** LIST, newest first: kombu's envelopes of one queue and priority. */
    list: (queue: string, priority: number) => global + listKey(queue, priority, transport),
    /** SET: kombu's bindings of an exchange. */
    binding: (exchange: string) => global + bindingKey(exchange),
    /** The member of a queue in the set of bindings. */
    bindingMember: (queue: string, binding: Binding) => bindingMember(queue, binding, transport.sep),
    /** The separator between the parts of a member. */
    sep: transport.sep,
    /** Channel of one of kombu's fanout exchanges, which carry task events too. Its name contains the database. */
    channel: (exchange: string, routingKey: string) =>
      global + channelName(exchange, routingKey, { database, ...transport }),
  };
}
