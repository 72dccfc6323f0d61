import jsonc from 'jsonc-parser';
import type { Path } from '../validate.ts';
import { MAX_DEPTH } from './limits.ts';

/** The line (from 1) of an offset in a text. */
export function lineCounter(text: string): (offset: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at);
  return (offset) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/**
 * Returns a function that finds the offset of the value at a path, or of the closest value around it. The tree is
 * made at the first call, which is for the first error.
 */
export function offsetFinder(text: string): (path: Path) => number {
  let tree: jsonc.Node | undefined;
  const indexes = new WeakMap<jsonc.Node, Map<string | number, jsonc.Node>>();
  const inside = (node: jsonc.Node) => {
    let index = indexes.get(node);
    if (!index) indexes.set(node, (index = indexChildren(node)));
    return index;
  };
  return (path) => {
    let place = (tree ??= jsonc.parseTree(text));
    for (const key of path) place = (place && inside(place).get(key)) ?? place;
    // A member of a map begins with its key.
    return place?.parent?.type === 'property' ? place.parent.offset : (place?.offset ?? 0);
  };
}

/** Indexes children by key; of a repeated key the first counts, as in editors. */
function indexChildren({ type, children = [] }: jsonc.Node): Map<string | number, jsonc.Node> {
  if (type === 'array') return new Map(children.entries());
  const found = new Map<string, jsonc.Node>();
  for (const { children: [key, value] = [] } of type === 'object' ? children : []) {
    const name = String(key?.value);
    if (value && !found.has(name)) found.set(name, value);
  }
  return found;
}

/**
 * The offset of the first bracket that is nested too deep; `undefined` if there is none. It is found in the text,
 * because a parser would overflow the stack.
 */
export function findTooDeep(text: string): number | undefined {
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = findClosingQuote(text, at);
    else if (sign === '[' || sign === '{') level += 1;
    else if (sign === ']' || sign === '}') level -= 1;
    if (level > MAX_DEPTH) return at;
  }
  return undefined;
}

/** The offset of the quote that closes the string at `start`. */
function findClosingQuote(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
