import type { Destination } from './destination.ts';
import type { Binding } from './queue.ts';

/** Whether an exchange hands a message on by this binding of its own. By AMQP's rules. */
export function matches({ exchange, routingKey }: Binding, message: Destination): boolean {
  if (exchange.type === 'fanout') return true;
  if (exchange.type === 'topic') return topicMatches(routingKey, message.routingKey);
  return exchange.type === 'direct' && routingKey === message.routingKey;
}

/** Words with dots between them: `*` is any one word, `#` any number of them. */
export function topicMatches(pattern: string, key: string): boolean {
  return match(pattern.split('.'), key === '' ? [] : key.split('.'));
}

function match(pattern: readonly string[], words: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return words.length === 0;
  if (head === '#') return words.some((_, i) => match(rest, words.slice(i))) || match(rest, []);
  if (head === '' && words.length === 0 && rest.length === 0) return true;
  return words.length > 0 && (head === '*' || head === words[0]) && match(rest, words.slice(1));
}
