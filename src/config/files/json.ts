import jsonc from 'jsonc-parser';
import type { Problem } from '../../errors.ts';
import type { Source } from '../source.ts';

type Path = readonly (string | number)[];

/**
 * A JSON file. `JSON.parse` makes the values; a second look at the text finds what that does not tell:
 * lines, and keys that stand twice. Integers beyond 2^53 become BigInt, so that they reach the task as
 * they are.
 */
export function readJson(content: string, file: string): Source {
  const text = content.replace(/^\uFEFF/, '');
  if (text.trim() === '') return { file, config: undefined, problems: [emptyProblem(file)] };
  try {
    const config = parseExactly(text);
    return { file, config, problems: repeatedKeys(text, file), lineOf: lineFinder(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { file, config: undefined, problems: [syntaxProblem(error.message, text, file)] };
  }
}

/** No JSON at all, and what is left of one that could not be written: a whole schedule may be missing. */
function emptyProblem(file: string): Problem {
  return { file, path: [], message: 'is empty; an empty configuration is written {}' };
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
function syntaxProblem(message: string, text: string, file: string): Problem {
  let line: number | undefined;
  const onError: jsonc.JSONVisitor['onError'] = (_code, _offset, _length, startLine) => {
    line ??= startLine + 1;
  };
  jsonc.visit(text, { onError }, { disallowComments: true });
  const reason = message.replace(
    /(, (\.\.\.)?".*"(\.\.\.)? is not valid JSON|( in JSON)? at position \d+.*)$/s,
    '',
  );
  return { file, line, path: [], message: `is no JSON: ${reason}` };
}

/** Keys that stand in one map again: `JSON.parse` silently takes the last. */
function repeatedKeys(text: string, file: string): Problem[] {
  const problems: Problem[] = [];
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
        problems.push({ file, line, path: [...parent(), key], message });
      }
    },
  });
  return problems;
}

/** The line of the value at a path, or of the nearest thing around it. Asked only when something is wrong. */
function lineFinder(text: string): (path: Path) => number {
  let tree: jsonc.Node | undefined;
  return (path) => {
    let place = (tree ??= jsonc.parseTree(text));
    for (const key of path) {
      place = (place && jsonc.findNodeAtLocation(place, [key])) ?? place;
    }
    // A member of a map begins with its key.
    const from = place?.parent?.type === 'property' ? place.parent.offset : (place?.offset ?? 0);
    return text.slice(0, from).split('\n').length;
  };
}
