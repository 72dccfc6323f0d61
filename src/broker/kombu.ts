/**
 * The names under which kombu's Redis transport keeps queues. Workers look there and nowhere else, so
 * these must equal kombu's to the byte. None of them includes the key prefix that a user may set.
 */
import type { TransportOptions } from './connection-settings.ts';
import type { Binding } from '../routing/queue.ts';

type Naming = Pick<TransportOptions, 'sep' | 'prioritySteps'>;

/** The list that holds the messages of a queue that have this priority. */
export function listKey(queue: string, priority: number, { sep, prioritySteps }: Naming): string {
  const step = priorityStep(priority, prioritySteps);
  return step === 0 ? queue : `${queue}${sep}${step}`;
}

/**
 * The greatest step that is not above the priority. A priority below all steps gets the last of them,
 * as in kombu: a worker reads no list but those of the steps.
 */
function priorityStep(priority: number, steps: readonly number[]): number {
  const clamped = Math.min(Math.max(priority, 0), 9);
  return steps.findLast((step) => step <= clamped) ?? steps.at(-1) ?? 0;
}

/** The set of an exchange's bindings. */
export function bindingKey(exchange: string): string {
  return `_kombu.binding.${exchange}`;
}

/** How a queue is bound to an exchange: routing key, for a topic exchange its pattern, queue. */
export function bindingMember(
  queue: string,
  { exchange, routingKey }: Binding,
  sep: string,
): string {
  const pattern = exchange.type === 'topic' ? topicPattern(routingKey) : '';
  return [routingKey, pattern, queue].join(sep);
}

/** A topic's pattern as kombu writes it for itself: a regular expression of Python's. */
function topicPattern(routingKey: string): string {
  const escaped = routingKey.replace(/[^\p{L}\p{N}.#*]/gu, (sign) => `\\${sign}`);
  const words = escaped.split('.').map((word) => WILDCARDS.get(word) ?? word);
  return `^${words.join('\\.')}$`;
}

const WILDCARDS = new Map([
  ['*', '[^\\.]+'],
  ['#', '.*?'],
]);

/** What a worker consumes from by subscribing: pushed into its list, a message would lie there for ever. */
const BROADCAST_QUEUE = /^(?:.+\.)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The queues that kombu's exchange hands a message on to, by the members of its set; of fanout exchanges none. */
export function queuesBound(members: readonly string[], routingKey: string, sep: string): string[] {
  return members.flatMap((member) => {
    const [key = '', pattern = '', queue = ''] = member.split(sep);
    if (queue === '' || isBroadcast(member, sep)) return [];
    return (pattern === '' ? key === routingKey : fits(pattern, routingKey)) ? [queue] : [];
  });
}

/** Whether workers have bound a queue of their own, as they do with kombu's `Broadcast`. */
export function isBroadcast(member: string, sep: string): boolean {
  const [, pattern = '', queue = ''] = member.split(sep);
  return pattern === '' && BROADCAST_QUEUE.test(queue);
}

/** What kombu writes means the same in both languages; what somebody else wrote may not. */
function fits(pattern: string, routingKey: string): boolean {
  try {
    return new RegExp(pattern).test(routingKey);
  } catch {
    return false;
  }
}

/** The channel on which a fanout exchange of a database is told. */
export function channelName(
  exchange: string,
  routingKey: string,
  { database, fanoutPrefix, fanoutPatterns }: ChannelNaming,
): string {
  const prefix = fanoutPrefix.replaceAll('{db}', String(database));
  return `${prefix}${exchange}${fanoutPatterns && routingKey ? `/${routingKey}` : ''}`;
}

type ChannelNaming = Pick<TransportOptions, 'fanoutPrefix' | 'fanoutPatterns'> & {
  readonly database: number;
};
