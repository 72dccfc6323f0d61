import {
  isCollection,
  visit,
  type Document,
  type Pair,
  type YAMLMap,
  Composer,
  Lexer,
  LineCounter,
  Parser,
  type Node,
} from 'yaml';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import { type Source, MAX_DEPTH, EMPTY, TOO_DEEP } from './source.ts';
import { resolveAliases, findPath, offsetFinder, readKey, startOffset } from './yaml-aliases.ts';

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
  const findLine = (path: Path) => lineAt(findOffset(path));
  return { file, ...toValue(document, file, errors), findLine };
}

function toValue(document: Document, file: string, errors: Diagnostic[]) {
  try {
    return { config: document.toJS() as unknown, errors };
  } catch (error) {
    const message = `invalid YAML: ${(error as Error).message}`;
    return { config: undefined, errors: [...errors, { ...errorAt([], message), file }] };
  }
}

interface Repeated {
  readonly key: string;
  readonly first: Pair;
  readonly again: Pair;
}

function* repeatedKeys(map: YAMLMap): Generator<Repeated> {
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
