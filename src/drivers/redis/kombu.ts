/**
 * The names that kombu's Redis transport uses. Workers read only these, so they must be exactly equal to kombu's.
 * None of them includes the key prefix of beat.
 */
import type { TransportOptions } from '../../contracts/broker/connection-settings.ts';
import { compileGlob } from '../../celery/routing/glob.ts';
import type { Binding } from '../../celery/routing/queue.ts';

type Naming = Pick<TransportOptions, 'sep' | 'prioritySteps'>;

export function listKey(queue: string, priority: number, { sep, prioritySteps }: Naming): string {
  // The greatest step up to the priority, else the last step, as in kombu: workers read only the lists of steps.
  const clamped = Math.min(Math.max(priority, 0), 9);
  const step = prioritySteps.findLast((each) => each <= clamped) ?? prioritySteps.at(-1) ?? 0;
  return step === 0 ? queue : `${queue}${sep}${step}`;
}

export function bindingKey(exchange: string): string {
  return `_kombu.binding.${exchange}`;
}

export function bindingMember(queue: string, { exchange, routingKey }: Binding, sep: string): string {
  const pattern = exchange.type === 'topic' ? topicPattern(routingKey) : '';
  return [routingKey, pattern, queue].join(sep);
}

/** The pattern of a topic binding, which kombu stores as a Python regular expression. */
function topicPattern(routingKey: string): string {
  const escaped = routingKey.replace(/[^\p{L}\p{N}.#*]/gu, (sign) => `\\${sign}`);
  const words = escaped.split('.').map((word) => WILDCARDS.get(word) ?? word);
  return `^${words.join('\\.')}$`;
}

const WILDCARDS = new Map([
  ['*', '[^\\.]+'],
  ['#', '.*?'],
]);

/** The channel of a fanout exchange in a database. */
export function channelName(
  exchange: string,
  routingKey: string,
  { database, fanoutPrefix, fanoutPatterns }: ChannelNaming,
): string {
  const prefix = fanoutPrefix.replaceAll('{db}', String(database));
  return `${prefix}${exchange}${fanoutPatterns && routingKey ? `/${routingKey}` : ''}`;
}

type ChannelNaming = Pick<TransportOptions, 'fanoutPrefix' | 'fanoutPatterns'> & { readonly database: number };

/**
 * Selects the routing keys whose channels a message to a fanout exchange is published on, so that every worker
 * receives it exactly once. kombu's workers subscribe to patterns, and Redis delivers a message once per
 * matching pattern. `own` has the keys of the configuration, since workers' bindings may have been lost. Where
 * no selection reaches every worker exactly once, some workers are left out.
 */
export function selectFanoutKeys(bound: readonly string[], own: readonly string[]): string[] {
  const patterns = [...new Set(bound.map(toPattern))];
  const candidates = [...new Set([...own.map(toPattern), ...patterns])].map((key) => {
    return [key, patterns.filter((pattern) => matches(pattern, key))] as const;
  });
  const reached = new Set<string>();
  const keys: string[] = [];
  for (const [key, matched] of candidates.toSorted(([, a], [, b]) => b.length - a.length)) {
    if (matched.some((pattern) => reached.has(pattern))) continue;
    for (const pattern of matched) reached.add(pattern);
    keys.push(key);
  }
  return keys;
}

/** kombu's Redis pattern of a topic key. A channel whose name is the pattern itself matches too. */
function toPattern(key: string): string {
  return key.replaceAll('#', '*');
}

/** An empty key has a channel without the key's separator, which no pattern matches. */
function matches(pattern: string, key: string): boolean {
  if (pattern === key) return true;
  if (key === '' || !/[*?]/.test(pattern)) return false;
  return compileGlob(pattern.replaceAll('[', '[[]')).test(key);
}
