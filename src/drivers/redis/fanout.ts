import { Glob } from '../../celery/routing/glob.ts';

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
  return new Glob(pattern.replaceAll('[', '[[]')).test(key);
}
