import jsonc from 'jsonc-parser';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import { type Source, EMPTY, TOO_DEEP, MAX_DEPTH } from './source.ts';

/** Reads a JSON file. A second pass finds lines and repeated keys. Integers beyond 2^53 become BigInt. */
export function readJson(text: string, file: string): Source {
  const rejected = (error: Diagnostic) => ({ file, config: undefined, errors: [error] });
  if (text.trim() === '') return rejected({ ...errorAt([], EMPTY), file });
  const lineAt = lineCounter(text);
  const deep = findTooDeep(text);
  if (deep !== undefined) return rejected({ ...errorAt([], TOO_DEEP), file, line: lineAt(deep) });
  try {
    const config = parseExactly(text);
    const findOffset = offsetFinder(text);
    const findLine = (path: Path) => lineAt(findOffset(path));
    return { file, config, errors: repeatedKeys(text, file), findLine };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return rejected(syntaxError(error.message, text, file));
  }
}

/** A number of 16 digits or more may be beyond 2^53. */
const LONG_INTEGER = /\d{16}/;

function parseExactly(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text);
  const exactly = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const digits = context?.source ?? '';
    return /^-?\d+$/.test(digits) ? BigInt(digits) : value;
  };
  return JSON.parse(text, exactly);
}

/** Node's message without its snippet and position: the diagnostic has the line. */
function syntaxError(message: string, text: string, file: string): Diagnostic {
  let line: number | undefined;
  const onError: jsonc.JSONVisitor['onError'] = (_code, _offset, _length, startLine) => {
    line ??= startLine + 1;
  };
  jsonc.visit(text, { onError }, { disallowComments: true });
  const reason = message.replace(/(, (\.\.\.)?".*"(\.\.\.)? is not valid JSON|( in JSON)? at position \d+.*)$/s, '');
  return { ...errorAt([], `invalid JSON: ${reason}`), file, line };
}

/** Finds keys that a map repeats: `JSON.parse` silently uses the last. */
function repeatedKeys(text: string, file: string): Diagnostic[] {
  const errors: Diagnostic[] = [];
  const open: Map<string, number>[] = [];
  jsonc.visit(text, {
    onObjectBegin: () => {
      open.push(new Map());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (key, _offset, _length, startLine, _character, parent) => {
      const keys = open.at(-1)!;
      const first = keys.get(key);
      const line = startLine + 1;
      if (first === undefined) keys.set(key, line);
      else {
        const message = `repeated key, first on line ${first}`;
        errors.push({ ...errorAt([...parent(), key], message), file, line });
      }
    },
  });
  return errors;
}

/** The line (from 1) of an offset in a text. */
function lineCounter(text: string): (offset: number) => number {
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
 * Returns a function that finds the offset of the value closest to a path. The first call, for the first error, builds
 * the tree.
 */
function offsetFinder(text: string): (path: Path) => number {
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

/** The offset of the first bracket that is nested too deep. A parser would overflow the stack. */
function findTooDeep(text: string): number | undefined {
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
