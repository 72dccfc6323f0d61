import jsonc from 'jsonc-parser';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import { type Source, EMPTY, TOO_DEEP, MAX_DEPTH } from './source.ts';
import { findClosingQuote } from '../../util/decode/json.ts';

/** Reads a JSON file. Integers beyond 2^53 become BigInt. Lines are found only for errors, by a slower parser. */
export function readJson(text: string, file: string): Source {
  const rejected = (error: Diagnostic) => ({ file, config: undefined, errors: [error] });
  if (text.trim() === '') return rejected({ ...errorAt([], EMPTY), file });
  const { tooDeep, keys } = scan(text);
  if (tooDeep !== undefined) {
    return rejected({ ...errorAt([], TOO_DEEP), file, line: text.slice(0, tooDeep).split('\n').length });
  }
  try {
    const config = parseExactly(text);
    // `JSON.parse` uses the last of repeated keys, so that the value has fewer keys than the text.
    const errors = countKeys(config) === keys ? [] : repeatedKeys(text, file);
    return { file, config, errors, findLine: lineFinder(text) };
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

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item);
  else for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  return count;
}

function repeatedKeys(text: string, file: string): Diagnostic[] {
  const errors: Diagnostic[] = [];
  const open: Map<string, number>[] = [];
  jsonc.visit(text, {
    onObjectBegin: () => void open.push(new Map()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (key, _offset, _length, startLine, _character, parent) => {
      const keys = open.at(-1)!;
      const first = keys.get(key);
      const line = startLine + 1;
      if (first === undefined) keys.set(key, line);
      else {
        errors.push({ ...errorAt([...parent(), key], `repeated key, first on line ${first}`), file, line });
      }
    },
  });
  return errors;
}

/** The line of a value or of its key, from 1, with the values in it by their keys or indexes. */
interface Place {
  readonly line: number;
  inside?: Map<string | number, Place>;
}

/** Returns a function that finds the line of the value closest to a path. Its first call reads all places. */
function lineFinder(text: string): (path: Path) => number {
  let root: Place | undefined;
  return (path) => {
    let place = (root ??= readPlaces(text));
    for (const key of path) {
      const inside = place.inside?.get(key);
      if (!inside) break;
      place = inside;
    }
    return place.line;
  };
}

/** Reads the places of all values; of a repeated key the first counts, as in editors. */
function readPlaces(text: string): Place {
  let root: Place = { line: 1 };
  const add = (path: jsonc.JSONPath, startLine: number) => {
    const key = path.pop();
    if (key === undefined) return void (root = { line: startLine + 1 });
    const parent = path.reduce((place, each) => place.inside!.get(each)!, root);
    parent.inside ??= new Map();
    if (!parent.inside.has(key)) parent.inside.set(key, { line: startLine + 1 });
  };
  jsonc.visit(text, {
    onObjectProperty: (key, _offset, _length, line, _character, path) => add([...path(), key], line),
    onObjectBegin: (_offset, _length, line, _character, path) => add(path(), line),
    onArrayBegin: (_offset, _length, line, _character, path) => add(path(), line),
    onLiteralValue: (_value, _offset, _length, line, _character, path) => add(path(), line),
  });
  return root;
}

/** Counts the keys of a text, up to the first bracket that is nested too deep: a parser would overflow the stack. */
function scan(text: string): { readonly keys: number; readonly tooDeep?: number } {
  let level = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = findClosingQuote(text, at);
    else if (sign === ':') keys += 1;
    else if (sign === '[' || sign === '{') level += 1;
    else if (sign === ']' || sign === '}') level -= 1;
    if (level > MAX_DEPTH) return { keys, tooDeep: at };
  }
  return { keys };
}
