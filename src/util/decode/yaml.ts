import type * as Yaml from 'yaml';
import { onDemand } from '../on-demand.ts';
import { checkLength, UndecodableError } from './limits.ts';

const library = onDemand((require) => require('yaml') as typeof Yaml);

/** The library parses a few hundred characters in a millisecond at worst. */
const MAX_LENGTH = 16_384;
/** Levels of open tokens, about two for each list or map. The library is recursive. */
const MAX_DEPTH = 200;
/** Tokens such as a text, a comma or a space. A result of Celery has about a hundred. */
const MAX_TOKENS = 4_000;
const MAX_ALIASES = 50;

/** Parses YAML 1.1 from outside, after counting levels and tokens. Throws an `UndecodableError`, or as the library. */
export function parseYaml(text: string): unknown {
  checkLength(text.length, MAX_LENGTH);
  const { Composer, Lexer, Parser } = library();
  const tokens: Yaml.CST.Token[] = [];
  const parser = new Parser();
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    count += 1;
    if (count > MAX_TOKENS) throw new UndecodableError(`it has more than ${MAX_TOKENS} tokens`);
    if (parser.stack.length > MAX_DEPTH) throw new UndecodableError('it is nested too deep');
  }
  tokens.push(...parser.end());
  // Comparing each key of a map with all others takes time that grows with the square of their number.
  const [document, ...more] = new Composer({ version: '1.1', uniqueKeys: false }).compose(tokens);
  const [error] = document?.errors ?? [];
  if (error) throw new UndecodableError(error.message);
  if (more.length > 0) throw new UndecodableError('it has several documents');
  return document?.toJS({ maxAliasCount: MAX_ALIASES });
}
