import { Glob } from '../../routing/glob.ts';

/**
 * The keys on whose channels a fanout exchange is told, so that every worker hears it, by whatever key it
 * has bound its queue, and none hears it twice. kombu's workers subscribe to patterns, and Redis delivers
 * once for each that a channel fits. `own` are the keys that the configuration knows of: what workers have
 * bound may have been lost. Where no choice reaches all of them once each, fewer are reached.
 */
export function keysToTell(bound: readonly string[], own: readonly string[]): string[] {
  const ears = [...new Set(bound.map(patternOf))];
  const reached = [...new Set([...own.map(patternOf), ...ears])].map((key) => {
    return [key, ears.filter((pattern) => hears(pattern, key))] as const;
  });
  const heard = new Set<string>();
  const keys: string[] = [];
  for (const [key, reach] of reached.toSorted(([, a], [, b]) => b.length - a.length)) {
    if (reach.some((pattern) => heard.has(pattern))) continue;
    for (const pattern of reach) heard.add(pattern);
    keys.push(key);
  }
  return keys;
}

/** As kombu writes a topic's key for Redis. Told on a channel of that very name it is heard, too. */
function patternOf(key: string): string {
  return key.replaceAll('#', '*');
}

/** Without a key the channel is another, which no pattern fits. */
function hears(pattern: string, key: string): boolean {
  if (pattern === key) return true;
  if (key === '' || !/[*?]/.test(pattern)) return false;
  return new Glob(pattern.replaceAll('[', '[[]')).test(key);
}
