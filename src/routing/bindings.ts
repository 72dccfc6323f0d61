import type { Destination } from '../message/destination.ts';
import type { Binding } from './queue.ts';

/** Whether a binding matches a message, by AMQP's rules. */
export function matches({ exchange, routingKey }: Binding, message: Destination): boolean {
  if (exchange.type === 'fanout') return true;
  if (exchange.type === 'topic') return topicMatches(routingKey, message.routingKey);
  return exchange.type === 'direct' && routingKey === message.routingKey;
}

/** Matches words separated by dots: `*` is one word, `#` any number of words. */
export function topicMatches(pattern: string, key: string): boolean {
  // An empty key has no words, and also matches an empty word at the end of a pattern.
  if (key === '') return /^(#\.)*#?$/.test(pattern);
  const words = key.split('.');
  const [first = [], ...others] = splitRuns(pattern.split('.'));
  const last = others.pop();
  if (!matchesAt(first, words, 0)) return false;
  if (!last) return first.length === words.length;
  // As in a glob, the leftmost match of each run between two `#` suffices.
  let at = first.length;
  for (const run of others) {
    while (at + run.length <= words.length && !matchesAt(run, words, at)) at += 1;
    at += run.length;
  }
  return at + last.length <= words.length && matchesAt(last, words, words.length - last.length);
}

/** Splits a pattern at its `#`. */
function splitRuns(pattern: readonly string[]): string[][] {
  const runs: string[][] = [[]];
  for (const word of pattern) {
    if (word === '#') runs.push([]);
    else runs.at(-1)!.push(word);
  }
  return runs;
}

function matchesAt(run: readonly string[], words: readonly string[], at: number): boolean {
  if (at + run.length > words.length) return false;
  return run.every((word, i) => word === '*' || word === words[at + i]);
}
