import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Path } from '../validate.ts';
import { MAX_DEPTH, MAX_ALIASED, TOO_DEEP } from './source.ts';

/** Reports an error of a node, with the path of its value. */
type ReportNode = (node: Node, path: Path, message: string) => void;

/** The number of values and levels in a node. */
interface Extent {
  readonly values: number;
  readonly levels: number;
}

const LEAF: Extent = { values: 1, levels: 0 };

/**
 * Replaces every alias by the node of its anchor. The library would be slow, and limits uses, not the size of the result.
 * Replaces nothing after an error.
 */
export function resolveAliases(document: Document, report: ReportNode): void {
  new AliasResolver(report).resolve(document);
}

class AliasResolver {
  readonly #report: ReportNode;
  /** The node of each anchor: the last before the alias. */
  readonly #anchors = new Map<string, Node>();
  /** Extents of the anchored nodes that end before the current one. */
  readonly #extents = new Map<Node, Extent>();
  readonly #replacements: (() => void)[] = [];
  #aliased = 0;
  #errors = 0;

  constructor(report: ReportNode) {
    this.#report = report;
  }

  resolve(document: Document): void {
    const { contents } = document;
    this.#walk(contents, [], () => {});
    if (this.#errors === 0) for (const replace of this.#replacements) replace();
  }

  #walk(node: unknown, path: Path, replace: (by: Node) => void): Extent {
    if (isAlias(node)) return this.#alias(node, path, replace);
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor) this.#anchors.set(node.anchor, node);
      const extent = isScalar(node) ? LEAF : this.#inside(node.items, path);
      if (node.anchor) this.#extents.set(node, extent);
      return extent;
    }
    return LEAF;
  }

  #inside(items: unknown[], path: Path): Extent {
    let values = 1;
    let levels = 0;
    const add = (extent: Extent) => {
      values += extent.values;
      levels = Math.max(levels, extent.levels);
    };
    for (const [i, item] of items.entries()) {
      if (isPair(item)) {
        const inside = isMerge(item) ? path : [...path, readKey(item)];
        this.#walk(item.key, inside, (by) => (item.key = by));
        add(this.#walk(item.value, inside, (by) => (item.value = by)));
        if (isMerge(item)) this.#checkMerge(item, inside);
      } else {
        add(this.#walk(item, [...path, i], (by) => (items[i] = by)));
      }
    }
    return { values, levels: levels + 1 };
  }

  #alias(alias: Alias, path: Path, replace: (by: Node) => void): Extent {
    const target = this.#anchors.get(alias.source);
    const extent = target && this.#extents.get(target);
    const before = this.#aliased;
    this.#aliased += extent?.values ?? 0;
    if (!target) {
      const quoted = `text that begins with a star needs quotes: '*${alias.source}'`;
      this.#reject(alias, path, `unknown anchor &${alias.source}; ${quoted}`);
    } else if (!extent) {
      this.#reject(alias, path, `*${alias.source} contains itself: it is inside its own anchor`);
    } else if (path.length + extent.levels > MAX_DEPTH) {
      this.#reject(alias, path, `*${alias.source} makes this ${TOO_DEEP}`);
    } else if (this.#aliased > MAX_ALIASED) {
      // Reported once: every alias after it is over the limit as well.
      if (before <= MAX_ALIASED) this.#reject(alias, path, tooMany(alias.source));
    } else {
      this.#replacements.push(() => replace(target));
      return extent;
    }
    return LEAF;
  }

  #checkMerge({ value }: Pair, path: Path): void {
    const resolve = (node: unknown) => (isAlias(node) ? this.#anchors.get(node.source) : node);
    const sources = isSeq(value) ? value.items : [value];
    const stray = sources.find((source) => !isMap(resolve(source)) && resolve(source) !== undefined);
    if (stray !== undefined) this.#reject(stray as Node, path, STRAY_MERGE);
  }

  #reject(alias: Node, path: Path, message: string): void {
    this.#errors += 1;
    this.#report(alias, path, message);
  }
}

const STRAY_MERGE = '<< merges a map, an alias of one, or a list of these';

function tooMany(source: string): string {
  return (
    `with *${source} the aliases of this file expand to more than ${MAX_ALIASED} values; ` +
    'use fewer of them, or smaller ones, or compute the configuration in TypeScript'
  );
}

export function readKey({ key }: Pair): string {
  const name = isScalar(key) ? key.value : key;
  // With merge keys enabled, the library reads `<<` as a symbol.
  return typeof name === 'symbol' ? (name.description ?? '') : String(name);
}

function isMerge({ key }: Pair): boolean {
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

/** Finds the offset of the value at a path, also in merged maps. Of a repeated key the last counts. */
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
