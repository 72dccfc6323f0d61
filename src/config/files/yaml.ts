import {
  isAlias,
  isMap,
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
    const problems = document.errors.map(({ message, pos: [start] }) => {
      return { file, line: lineAt(start), path: [], message: inOurWords(message, text, start) };
    });
    return { file, config: undefined, problems };
  }
  const problems: Problem[] = [];
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'bigint') return;
      const number = Number(node.value);
      if (Number.isSafeInteger(number)) node.value = number;
    },
    Map(_, map, ancestors) {
      const path = pathOf(map, ancestors);
      for (const { key, line, firstLine } of repeatedKeys(map, lineAt)) {
        const message = `stands here again, after line ${firstLine}`;
        problems.push({ file, line, path: [...path, key], message });
      }
    },
  });
  return { file, ...valueOf(document, file, problems), lineOf: lineFinder(document, lineAt) };
}

function valueOf(document: Document, file: string, problems: Problem[]) {
  try {
    return { config: document.toJS() as unknown, problems };
  } catch (error) {
    // An alias without an anchor, or so many of them that a small file would fill the memory.
    const message = (error as Error).message;
    return { config: undefined, problems: [...problems, { file, path: [], message }] };
  }
}

/** A star begins an alias in YAML, and most crontabs. */
function inOurWords(message: string, text: string, start: number): string {
  const line = text.slice(text.lastIndexOf('\n', start) + 1).split('\n', 1)[0] ?? '';
  const word = /(?:^|[\s:[,])(\*[^\s,\]}'"]*)/.exec(line)?.[1];
  const hint = word === undefined ? '' : `; text that begins with a star needs quotes: '${word}'`;
  return `is no YAML: ${message}${hint}`;
}

function* repeatedKeys(map: YAMLMap, lineAt: (offset: number) => number) {
  const seen = new Map<string, number>();
  for (const pair of map.items) {
    const key = keyOf(pair);
    const line = lineAt(startOf(pair));
    const firstLine = seen.get(key);
    if (firstLine === undefined) seen.set(key, line);
    else if (key !== '<<') yield { key, line, firstLine };
  }
}

function pathOf(node: Node, ancestors: readonly unknown[]): string[] {
  const nodes = [...ancestors, node];
  return nodes.flatMap((each, i) => {
    if (isPair(each)) return keyOf(each);
    const parent = nodes[i - 1];
    return isSeq(parent) ? String(parent.items.indexOf(each as Node)) : [];
  });
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf({ key }: Pair): number {
  return (key as Node | null)?.range?.[0] ?? 0;
}

/** Walks down the document along the keys as written, through aliases and merged maps. */
function lineFinder(document: Document, lineAt: (offset: number) => number) {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const indexOf = (map: YAMLMap) => {
    let index = indexes.get(map);
    if (!index) indexes.set(map, (index = new Map(map.items.map((pair) => [keyOf(pair), pair]))));
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
      start = pair ? startOf(pair) : (item?.range?.[0] ?? start);
      node = resolved(pair ? pair.value : item);
    }
    return lineAt(start);
  };
}
