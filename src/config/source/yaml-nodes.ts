import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Path } from '../validate.ts';

export function keyOf({ key }: Pair): string {
  const name = isScalar(key) ? key.value : key;
  // With merging on, the library makes a symbol of `<<`.
  return typeof name === 'symbol' ? (name.description ?? '') : String(name);
}

export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

export function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

export function pathOf(node: Node, ancestors: readonly unknown[]): string[] {
  const nodes = [...ancestors, node];
  return nodes.flatMap((each, i) => {
    if (isPair(each)) return keyOf(each);
    const parent = nodes[i - 1];
    return isSeq(parent) ? String(parent.items.indexOf(each)) : [];
  });
}

/**
 * Finds the offset of the value at a path, in the keys as written and through merged maps; aliases have been
 * replaced. Of a key that stands twice the last counts, as in the values, unless a chain of pairs from the
 * root chooses others.
 */
export function offsetFinder(document: Document): (path: Path, chosen: readonly Pair[]) => number {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const indexOf = (map: YAMLMap) => {
    let index = indexes.get(map);
    if (!index) indexes.set(map, (index = new Map(map.items.map((pair) => [keyOf(pair), pair]))));
    return index;
  };
  const pairIn = (map: YAMLMap, key: string): Pair | undefined => {
    const own = indexOf(map).get(key);
    const merged = own ? undefined : indexOf(map).get('<<')?.value;
    const sources = isSeq(merged) ? merged.items : [merged];
    return own ?? sources.filter(isMap).flatMap((source) => pairIn(source, key) ?? [])[0];
  };
  return (path, chosen) => {
    let node: unknown = document.contents;
    let start = 0;
    for (const [i, key] of path.entries()) {
      const choice = chosen[i];
      const isChosen =
        choice && isMap(node) && keyOf(choice) === key && node.items.includes(choice);
      const pair = isChosen ? choice : isMap(node) ? pairIn(node, String(key)) : undefined;
      const item = isSeq(node) ? (node.items[Number(key)] as Node | undefined) : undefined;
      if (!pair && !item) break;
      start = pair ? offsetOf(pair.key) : offsetOf(item);
      node = pair ? pair.value : item;
    }
    return start;
  };
}
