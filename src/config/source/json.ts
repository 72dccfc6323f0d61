import jsonc from 'jsonc-parser';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import type { Source } from './source.ts';
import { lineCounter, offsetFinder, findTooDeep } from './json-lines.ts';
import { EMPTY, TOO_DEEP } from './limits.ts';

/**
 * Reads a JSON file. `JSON.parse` makes the values; a second pass finds lines and repeated keys. Integers beyond 2^53
 * become BigInt, so that tasks receive them exactly.
 */
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

/** The most digits that a safe integer has. */
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

/** Node's message without its snippet and position: the line is where an editor jumps to. */
function syntaxError(message: string, text: string, file: string): Diagnostic {
  let line: number | undefined;
  const onError: jsonc.JSONVisitor['onError'] = (_code, _offset, _length, startLine) => {
    line ??= startLine + 1;
  };
  jsonc.visit(text, { onError }, { disallowComments: true });
  const reason = message.replace(
    /(, (\.\.\.)?".*"(\.\.\.)? is not valid JSON|( in JSON)? at position \d+.*)$/s,
    '',
  );
  return { ...errorAt([], `invalid JSON: ${reason}`), file, line };
}

/** Keys that are in one map twice: `JSON.parse` silently uses the last. */
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
