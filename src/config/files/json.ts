import type { Source } from '../source.ts';
import { JsonSyntaxError, placesIn, repeatedKeys, type JsonPlace } from './json-scan.ts';

/**
 * A JSON file. `JSON.parse` makes the values; a scan of the text beside it finds what that does not
 * tell: lines, and keys that stand twice. Integers beyond 2^53 become BigInt, so that they reach the
 * task as they are.
 */
export function readJson(content: string, file: string): Source {
  const text = content.replace(/^\uFEFF/, '');
  if (text.trim() === '') return { file, config: null, problems: [] };
  try {
    const problems = repeatedKeys(text).map(({ path, line, firstLine }) => {
      return { file, line, path, message: `stands here again, after line ${firstLine}` };
    });
    let root: JsonPlace | undefined;
    const lineOf: Source['lineOf'] = (path) => {
      let place = (root ??= placesIn(text));
      for (const key of path) place = place.inside.get(key) ?? place;
      return place.line;
    };
    return { file, config: parseExactly(text), problems, lineOf };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const { line, message } = error;
    return { file, config: undefined, problems: [{ file, line, path: [], message }] };
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
