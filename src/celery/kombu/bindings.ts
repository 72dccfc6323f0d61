import type { Destination } from '../message/destination.ts';
import type { Queues } from '../routing/queues.ts';

/** A queue that a worker consumes by subscribing: no worker reads a list of this name. */
const BROADCAST_QUEUE = /^(?:.+\.)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The queues that receive a message: those of the configuration, and those that workers have bound. */
export function receiversOf(
  destination: Destination,
  queues: Queues,
  members: readonly string[],
  sep: string,
): ReadonlySet<string> {
  const configured = queues.queuesFor(destination).map(({ name }) => name);
  return new Set([...configured, ...queuesBound(members, destination.routingKey, sep)]);
}

/** The queues to which kombu routes a message, by the members of the binding set; none for a fanout exchange. */
export function queuesBound(members: readonly string[], routingKey: string, sep: string): string[] {
  return members.flatMap((member) => {
    const [key = '', pattern = '', queue = ''] = member.split(sep);
    if (queue === '' || isBroadcast(member, sep)) return [];
    return (pattern === '' ? key === routingKey : fits(pattern, routingKey)) ? [queue] : [];
  });
}

/** Whether a binding belongs to a queue of one worker, as with kombu's `Broadcast`. */
export function isBroadcast(member: string, sep: string): boolean {
  const [, pattern = '', queue = ''] = member.split(sep);
  return pattern === '' && BROADCAST_QUEUE.test(queue);
}

/**
 * Whether a routing key matches. kombu's patterns are equal in Python and JavaScript; another program's may be invalid.
 */
function fits(pattern: string, routingKey: string): boolean {
  try {
    return new RegExp(pattern).test(routingKey);
  } catch {
    return false;
  }
}
