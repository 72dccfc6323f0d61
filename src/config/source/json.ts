import jsonc from 'jsonc-parser';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import type { Path } from '../validate.ts';
import type { Source } from './source.ts';
import { lineCounter, offsetFinder, tooDeepAt } from './json-lines.ts';
import { EMPTY, TOO_DEEP } from './limits.ts';

/**
 * A JSON file. `JSON.parse` makes the values; a second look at the text finds what that does not tell:
 * lines, and keys that stand twice. Integers beyond 2^53 become BigInt, so that they reach the task as
 * they are.
 */
export function readJson(text: string, file: string): Source {
  const refused = (error: Diagnostic) => ({ file, config: undefined, errors: [error] });
  if (text.trim() === '') return refused({ ...errorAt([], EMPTY), file });
  const lineAt = lineCounter(text);
  const deep = tooDeepAt(text);
  if (deep !== undefined) return refused({ ...errorAt([], TOO_DEEP), file, line: lineAt(deep) });
  try {
    const config = parseExactly(text);
    const offsetOf = offsetFinder(text);
    const lineOf = (path: Path) => lineAt(offsetOf(path));
    return { file, config, errors: repeatedKeys(text, file), lineOf };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused(syntaxError(error.message, text, file));
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

/** Node's words for what is wrong, without its snippet and position: the line is what an editor jumps to. */
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
  return { ...errorAt([], `is no JSON: ${reason}`), file, line };
}

/** Keys that stand in one map again: `JSON.parse` silently takes the last. */
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
        const message = `stands here again, after line ${first}`;
        errors.push({ ...errorAt([...parent(), key], message), file, line });
      }
    },
  });
  return errors;
}
