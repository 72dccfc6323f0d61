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
} from 'yaml';
import type { Path } from '../validate.ts';
import { DEEPEST, MOST_ALIASED, TOO_DEEP } from './limits.ts';
import { isMerge, keyOf } from './yaml-nodes.ts';

/** Takes what is wrong with a node, and where its value stands. */
type ReportNode = (node: Node, path: Path, message: string) => void;

/** How many values a node stands for, itself included, and how many levels of them. */
interface Extent {
  readonly values: number;
  readonly levels: number;
}

const LEAF: Extent = { values: 1, levels: 0 };

/**
 * Puts in the place of every alias the node that its anchor names, each once. The library would search the
 * whole document for each alias, and counts how often an anchor is used; here the size of what comes of it
 * is limited. Nothing is replaced once a problem was reported.
 */
export function resolveAliases(document: Document, report: ReportNode): void {
  new AliasResolver(report).resolve(document);
}

class AliasResolver {
  readonly #report: ReportNode;
  /** The node that an alias means: the last before it that has the anchor. */
  readonly #anchors = new Map<string, Node>();
  /** Of every anchored node that ends before the place where the walk is. */
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
        const inside = isMerge(item) ? path : [...path, keyOf(item)];
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
      this.#tell(alias, path, `there is no anchor &${alias.source}; ${quoted}`);
    } else if (!extent) {
      this.#tell(alias, path, `*${alias.source} contains itself: it stands inside its own anchor`);
    } else if (path.length + extent.levels > DEEPEST) {
      this.#tell(alias, path, `*${alias.source} makes this ${TOO_DEEP}`);
    } else if (this.#aliased > MOST_ALIASED) {
      // Reported once: every alias after it is over the limit as well.
      if (before <= MOST_ALIASED) this.#tell(alias, path, tooMany(alias.source));
    } else {
      this.#replacements.push(() => replace(target));
      return extent;
    }
    return LEAF;
  }

  #checkMerge({ value }: Pair, path: Path): void {
    const meant = (node: unknown) => (isAlias(node) ? this.#anchors.get(node.source) : node);
    const sources = isSeq(value) ? value.items : [value];
    const stray = sources.find((source) => !isMap(meant(source)) && meant(source) !== undefined);
    if (stray !== undefined) this.#tell(stray as Node, path, STRAY_MERGE);
  }

  #tell(alias: Node, path: Path, message: string): void {
    this.#errors += 1;
    this.#report(alias, path, message);
  }
}

const STRAY_MERGE = '<< merges a map, an alias of one, or a list of these';

function tooMany(source: string): string {
  return (
    `with *${source} the aliases of this file stand for more than ${MOST_ALIASED} values; ` +
    'use fewer of them, or smaller ones, or compute the configuration in TypeScript'
  );
}
