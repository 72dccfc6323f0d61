import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import { EMPTY, MAX_ALIASED, MAX_DEPTH, TOO_DEEP, type Source } from './source.ts';

/** Reads YAML 1.2 with anchors and merge keys. Timestamps stay text; integers beyond 2^53 become BigInt. */
export function readYaml(text: string, file: string): Source {
  const parsed = parseYaml(text, file);
  if ('errors' in parsed) return { file, config: undefined, errors: parsed.errors };
  const { document, lineAt } = parsed;
  const errors: Diagnostic[] = [];
  const report = (node: unknown, path: Path, message: string) => {
    errors.push({ ...errorAt(path, message), file, line: lineAt(startOffset(node)) });
  };
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'bigint') return;
      const number = Number(node.value);
      if (Number.isSafeInteger(number)) node.value = number;
    },
    Map(_, map, ancestors) {
      for (const { key } of map.items.filter((pair) => isCollection(pair.key))) {
        report(key, findPath(map, ancestors), 'a list or a map cannot be a key');
      }
      for (const { key, first, again } of repeatedKeys(map)) {
        const message = `repeated key, first on line ${lineAt(startOffset(first.key))}`;
        report(again.key, [...findPath(map, ancestors), key], message);
      }
    },
  });
  const found = errors.length;
  resolveAliases(document, report);
  if (errors.length > found) return { file, config: undefined, errors };
  const findOffset = offsetFinder(document);
  return { file, ...toValue(document, file, errors), findLine: (path: Path) => lineAt(findOffset(path)) };
}

function toValue(document: Document, file: string, errors: Diagnostic[]) {
  try {
    return { config: document.toJS() as unknown, errors };
  } catch (error) {
    const message = `invalid YAML: ${(error as Error).message}`;
    return { config: undefined, errors: [...errors, { ...errorAt([], message), file }] };
  }
}

function* repeatedKeys(map: YAMLMap): Generator<{ key: string; first: Pair; again: Pair }> {
  const seen = new Map<string, Pair>();
  for (const again of map.items) {
    const key = readKey(again);
    const first = seen.get(key);
    if (!first) seen.set(key, again);
    else if (key !== '<<') yield { key, first, again };
  }
}

/** A YAML text as one document of nodes, or the errors that prevent it. */
type Parsed =
  | { readonly document: Document; readonly lineAt: (offset: number) => number }
  | { readonly errors: readonly Diagnostic[] };

function parseYaml(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const locatedError = (offset: number, message: string): Diagnostic => {
    return { ...errorAt([], message), file, line: lineAt(offset) };
  };
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // The library composes by recursion, and a stack overflow would be an error without a line.
    if (parser.stack.length > MAX_DEPTH) return { errors: [locatedError(parser.offset, TOO_DEEP)] };
  }
  tokens.push(...parser.end());
  // The library's own search for repeated keys takes a minute for a large map: see `repeatedKeys`.
  const options = { intAsBigInt: true, merge: true, uniqueKeys: false, logLevel: 'error' } as const;
  const [document, another] = new Composer(options).compose(tokens, true, text.length);
  // One mistake may cause several errors of the library on a line; the first is the most exact.
  const errors = new Map<number, Diagnostic>();
  for (const { message, pos } of document!.errors) {
    const [start] = pos;
    if (errors.has(lineAt(start))) continue;
    errors.set(lineAt(start), locatedError(start, explainSyntax(message, text, start)));
  }
  const found = [...errors.values()];
  if (another) found.push(locatedError(another.range[0], SECOND));
  if (found.length > 0) return { errors: found };
  if (isEmpty(document!)) return { errors: [{ ...errorAt([], EMPTY), file }] };
  return { document: document!, lineAt };
}

const SECOND = 'a second document begins here; a file holds one';

/** A star begins an alias in YAML, and most crontabs. */
function explainSyntax(message: string, text: string, start: number): string {
  const line = text.slice(text.lastIndexOf('\n', start) + 1).split('\n', 1)[0] ?? '';
  const star = /(?:^|[\s:[,])\*/.test(line);
  return `invalid YAML: ${message}${star ? '; text that begins with a star needs quotes' : ''}`;
}

/** Whether a document contains only comments, or `null`. */
function isEmpty({ contents }: Document): boolean {
  return contents === null || (contents as Node & { readonly value?: unknown }).value === null;
}

interface Extent {
  readonly values: number;
  readonly levels: number;
}

const LEAF: Extent = { values: 1, levels: 0 };

/** Replaces every alias by its node. The library would be slow, and limits uses instead of the resulting size. */
function resolveAliases(document: Document, report: (node: Node, path: Path, message: string) => void): void {
  /** The node of each anchor: the last before the alias. */
  const anchors = new Map<string, Node>();
  /** Extents of the anchored nodes that end before the current one. */
  const extents = new Map<Node, Extent>();
  const replacements: (() => void)[] = [];
  let aliased = 0;
  let errors = 0;
  walk(document.contents, [], () => {});
  if (errors === 0) for (const replace of replacements) replace();

  function walk(node: unknown, path: Path, replace: (by: Node) => void): Extent {
    if (isAlias(node)) return readAlias(node, path, replace);
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor) anchors.set(node.anchor, node);
      const extent = isScalar(node) ? LEAF : inside(node.items, path);
      if (node.anchor) extents.set(node, extent);
      return extent;
    }
    return LEAF;
  }

  function inside(items: unknown[], path: Path): Extent {
    let values = 1;
    let levels = 0;
    const add = (extent: Extent) => {
      values += extent.values;
      levels = Math.max(levels, extent.levels);
    };
    for (const [i, item] of items.entries()) {
      if (isPair(item)) {
        const inside = isMerge(item) ? path : [...path, readKey(item)];
        walk(item.key, inside, (by) => (item.key = by));
        add(walk(item.value, inside, (by) => (item.value = by)));
        if (isMerge(item)) checkMerge(item, inside);
      } else {
        add(walk(item, [...path, i], (by) => (items[i] = by)));
      }
    }
    return { values, levels: levels + 1 };
  }

  function readAlias(alias: Alias, path: Path, replace: (by: Node) => void): Extent {
    const target = anchors.get(alias.source);
    const extent = target && extents.get(target);
    const before = aliased;
    aliased += extent?.values ?? 0;
    if (!target) {
      const quoted = `text that begins with a star needs quotes: '*${alias.source}'`;
      reject(alias, path, `unknown anchor &${alias.source}; ${quoted}`);
    } else if (!extent) {
      reject(alias, path, `*${alias.source} contains itself: it is inside its own anchor`);
    } else if (path.length + extent.levels > MAX_DEPTH) {
      reject(alias, path, `*${alias.source} makes this ${TOO_DEEP}`);
    } else if (aliased > MAX_ALIASED) {
      // Reported once: every alias after it is over the limit as well.
      if (before <= MAX_ALIASED) reject(alias, path, tooMany(alias.source));
    } else {
      replacements.push(() => replace(target));
      return extent;
    }
    return LEAF;
  }

  function checkMerge({ value }: Pair, path: Path): void {
    const resolve = (node: unknown) => (isAlias(node) ? anchors.get(node.source) : node);
    const sources = isSeq(value) ? value.items : [value];
    const stray = sources.find((source) => !isMap(resolve(source)) && resolve(source) !== undefined);
    if (stray !== undefined) reject(stray as Node, path, STRAY_MERGE);
  }

  function reject(node: Node, path: Path, message: string): void {
    errors += 1;
    report(node, path, message);
  }
}

const STRAY_MERGE = '<< merges a map, an alias of one, or a list of these';

function tooMany(source: string): string {
  return (
    `with *${source} the aliases of this file expand to more than ${MAX_ALIASED} values; ` +
    'use fewer of them, or smaller ones, or compute the configuration in TypeScript'
  );
}

function readKey({ key }: Pair): string {
  const name = isScalar(key) ? key.value : key;
  // With merge keys enabled, the library reads `<<` as a symbol.
  return typeof name === 'symbol' ? (name.description ?? '') : String(name);
}

function isMerge({ key }: Pair): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

function startOffset(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function findPath(node: Node, ancestors: readonly unknown[]): string[] {
  const nodes = [...ancestors, node];
  return nodes.flatMap((each, i) => {
    if (isPair(each)) return readKey(each);
    const parent = nodes[i - 1];
    return isSeq(parent) ? String(parent.items.indexOf(each)) : [];
  });
}

/** Finds the offset of the value at a path, also in merged maps. Of a repeated key the last counts. */
function offsetFinder(document: Document): (path: Path) => number {
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
