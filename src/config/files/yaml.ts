import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Problem } from '../../errors.ts';
import type { Path } from '../problems.ts';
import type { Source } from '../source.ts';

/**
 * A YAML 1.2 file, with anchors and merge keys. Timestamps stay text, and integers beyond 2^53 become
 * BigInt, so that they reach the task as they are.
 */
export function readYaml(text: string, file: string): Source {
  const lines = new LineCounter();
  // The library's own search for repeated keys takes a minute for a large map: see repeatedKeys.
  const options = { lineCounter: lines, intAsBigInt: true, merge: true, uniqueKeys: false };
  const document = parseDocument(text, { ...options, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    // One slip makes the library stumble several times on a line; the first says the most.
    const problems = new Map<number, Problem>();
    for (const {
      message,
      pos: [start],
    } of document.errors) {
      const line = lineAt(start);
      if (problems.has(line)) continue;
      problems.set(line, { file, line, path: [], message: inOurWords(message, text, start) });
    }
    return { file, config: undefined, problems: [...problems.values()] };
  }
  const problems: Problem[] = [];
  const hidden: Pair[][] = [];
  const anchors = new Set<string>();
  visit(document, {
    Node(_, node) {
      if ('anchor' in node && node.anchor) anchors.add(node.anchor);
    },
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'bigint') return;
      const number = Number(node.value);
      if (Number.isSafeInteger(number)) node.value = number;
    },
    Alias(_, node, ancestors) {
      if (anchors.has(node.source)) return;
      const message = `there is no anchor &${node.source}; text that begins with a star needs quotes: '*${node.source}'`;
      problems.push({ file, line: lineAt(offsetOf(node)), path: pathOf(node, ancestors), message });
    },
    Map(_, map, ancestors) {
      const path = pathOf(map, ancestors);
      for (const { key, first, before, again } of repeatedKeys(map)) {
        const message = `stands here again, after line ${lineAt(offsetOf(first.key))}`;
        const line = lineAt(offsetOf(again.key));
        problems.push({ file, line, path: [...path, key], message });
        // Below an entry's own keys a copy says too little to be looked into.
        if (path.length < 2) hidden.push([...ancestors.filter(isPair), before]);
      }
    },
  });
  const copies = hidden.flatMap((pairs) => {
    const config = copyOf(pairs, document);
    const lineOf = lineFinder(document, lineAt, pairs);
    return config === undefined ? [] : { file, config, problems: [], lineOf };
  });
  const lineOf = lineFinder(document, lineAt);
  return { file, ...valueOf(document, file, problems), lineOf, copies };
}

function valueOf(document: Document, file: string, problems: Problem[]) {
  try {
    return { config: document.toJS() as unknown, problems };
  } catch (error) {
    // An alias without an anchor, told already, or so many that a small file would fill the memory.
    const message = `is refused: ${(error as Error).message}`;
    return {
      config: undefined,
      problems: problems.length > 0 ? problems : [{ file, path: [], message }],
    };
  }
}

/** A star begins an alias in YAML, and most crontabs. */
function inOurWords(message: string, text: string, start: number): string {
  const line = text.slice(text.lastIndexOf('\n', start) + 1).split('\n', 1)[0] ?? '';
  const star = /(?:^|[\s:[,])\*/.test(line);
  return `is no YAML: ${message}${star ? '; text that begins with a star needs quotes' : ''}`;
}

function* repeatedKeys(map: YAMLMap) {
  const seen = new Map<string, { first: Pair; before: Pair }>();
  for (const again of map.items) {
    const key = keyOf(again);
    const earlier = seen.get(key);
    if (earlier && key !== '<<') yield { key, ...earlier, again };
    seen.set(key, { first: earlier?.first ?? again, before: again });
  }
}

/**
 * A configuration that has nothing but the last of the pairs, each of which lies in the one before.
 * `undefined` where the document has no values either: see `valueOf`.
 */
function copyOf(pairs: readonly Pair[], document: Document): unknown {
  try {
    const copied = pairs.at(-1)!.value;
    const value = isNode(copied) ? (copied.toJS(document) as unknown) : copied;
    return pairs.reduceRight<unknown>((inner, pair) => ({ [keyOf(pair)]: inner }), value);
  } catch {
    return undefined;
  }
}

function pathOf(node: Node, ancestors: readonly unknown[]): string[] {
  const nodes = [...ancestors, node];
  return nodes.flatMap((each, i) => {
    if (isPair(each)) return keyOf(each);
    const parent = nodes[i - 1];
    return isSeq(parent) ? String(parent.items.indexOf(each)) : [];
  });
}

function keyOf({ key }: Pair): string {
  const name = isScalar(key) ? key.value : key;
  // With merging on, the library makes a symbol of `<<`.
  return typeof name === 'symbol' ? (name.description ?? '') : String(name);
}

function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

/**
 * Walks down the document along the keys as written, through aliases and merged maps. Of a key that
 * stands twice the last counts, as in the values, unless others are chosen.
 */
function lineFinder(
  document: Document,
  lineAt: (offset: number) => number,
  chosen: readonly Pair[] = [],
) {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const indexOf = (map: YAMLMap) => {
    let index = indexes.get(map);
    if (!index) {
      const pairs = [...map.items, ...chosen.filter((pair) => map.items.includes(pair))];
      indexes.set(map, (index = new Map(pairs.map((pair) => [keyOf(pair), pair]))));
    }
    return index;
  };
  const resolved = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const pairIn = (map: YAMLMap, key: string): Pair | undefined => {
    const own = indexOf(map).get(key);
    const merged = own ? undefined : resolved(indexOf(map).get('<<')?.value);
    const sources = isSeq(merged) ? merged.items.map(resolved) : [merged];
    return own ?? sources.filter(isMap).flatMap((source) => pairIn(source, key) ?? [])[0];
  };
  return (path: Path): number => {
    let node = resolved(document.contents);
    let start = 0;
    for (const key of path) {
      const pair = isMap(node) ? pairIn(node, String(key)) : undefined;
      const item = isSeq(node) ? (node.items[Number(key)] as Node | undefined) : undefined;
      if (!pair && !item) break;
      start = pair ? offsetOf(pair.key) : offsetOf(item);
      node = resolved(pair ? pair.value : item);
    }
    return lineAt(start);
  };
}
