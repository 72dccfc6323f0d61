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

export function readKey({ key }: Pair): string {
  const name = isScalar(key) ? key.value : key;
  // With merge keys enabled, the library reads `<<` as a symbol.
  return typeof name === 'symbol' ? (name.description ?? '') : String(name);
}

export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

export function startOffset(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

export function findPath(node: Node, ancestors: readonly unknown[]): string[] {
  const nodes = [...ancestors, node];
  return nodes.flatMap((each, i) => {
    if (isPair(each)) return readKey(each);
    const parent = nodes[i - 1];
    return isSeq(parent) ? String(parent.items.indexOf(each)) : [];
  });
}

/**
 * Returns a function that finds the offset of the value at a path, whose keys are as written; in merged maps too.
 * Aliases have been replaced. Of a repeated key the last counts, as in the values.
 */
export function offsetFinder(document: Document): (path: Path) => number {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const index = (map: YAMLMap) => {
    let found = indexes.get(map);
    if (!found) indexes.set(map, (found = new Map(map.items.map((pair) => [readKey(pair), pair]))));
    return found;
  };
  const findPair = (map: YAMLMap, key: string): Pair | undefined => {
    const own = index(map).get(key);
    const merged = own ? undefined : index(map).get('<<')?.value;
    const sources = isSeq(merged) ? merged.items : [merged];
    return own ?? sources.filter(isMap).flatMap((source) => findPair(source, key) ?? [])[0];
  };
  return (path) => {
    let node: unknown = document.contents;
    let start = 0;
    for (const key of path) {
      const pair = isMap(node) ? findPair(node, String(key)) : undefined;
      const item = isSeq(node) ? (node.items[Number(key)] as Node | undefined) : undefined;
      if (!pair && !item) break;
      start = startOffset(pair ? pair.key : item);
      node = pair ? pair.value : item;
    }
    return start;
  };
}
