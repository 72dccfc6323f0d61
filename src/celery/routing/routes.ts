import type { MessageOptions } from '../message/message.ts';
import { Glob } from './glob.ts';
import { memoize } from '../../util/memoize.ts';

/** The options of a route; the options of a task take precedence. */
export type RouteOptions = Pick<
  MessageOptions,
  | ('queue' | 'exchange' | 'exchangeType' | 'routingKey')
  | ('priority' | 'deliveryMode' | 'headers' | 'serializer' | 'compression')
>;

/** Returns the options for a task, or `null` to try the next route. */
export type Route = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: MessageOptions,
) => RouteOptions | null;

/** A key of a table of routes: a name, a glob if it contains a `*`, or a regular expression. */
export type RouteKey = string | RegExp;

export type RouteRow = readonly [key: RouteKey, route: RouteOptions];

/**
 * Compiles tables of routes, as Celery reads them: the first table that matches is used, and in it the exact name
 * takes precedence over patterns.
 */
export function compileRoutes(tables: readonly (readonly RouteRow[])[]): Route {
  const named = new Map<string, TableRoute>();
  const patterns: (TableRoute & { readonly pattern: Pattern })[] = [];
  for (const [table, rows] of tables.entries()) {
    for (const [key, route] of rows) {
      const row = { table, route };
      if (typeof key !== 'string') patterns.push({ ...row, pattern: new AnchoredRegExp(key) });
      else if (key.includes('*')) patterns.push({ ...row, pattern: new Glob(key) });
      else if ((named.get(key)?.table ?? table) === table) named.set(key, row);
    }
  }
  const index = new PatternIndex(patterns.map(({ pattern }) => pattern));
  const routes = memoize<RouteOptions | null>();
  return (task) =>
    routes(task, () => {
      const name = named.get(task);
      const match = patterns[index.find(task)];
      return (name && !(match && match.table < name.table) ? name : match)?.route ?? null;
    });
}

interface TableRoute {
  /** The index of its table. */
  readonly table: number;
  readonly route: RouteOptions;
}

/** Python's `re.match`: anchored at the start only. */
class AnchoredRegExp implements Pattern {
  readonly literal = '';
  readonly #expression: RegExp;

  constructor({ source, flags }: RegExp) {
    this.#expression = new RegExp(source, `${flags.replace(/[gy]/g, '')}y`);
  }

  test(task: string): boolean {
    // A sticky expression is stateful.
    this.#expression.lastIndex = 0;
    return this.#expression.test(task);
  }
}

/** A pattern of names; every name that it matches contains `literal`, which may be empty. */
interface Pattern {
  readonly literal: string;
  test(name: string): boolean;
}

/** The length of the indexed substrings: four letters distinguish most patterns. */
const MAX_LENGTH = 4;

/**
 * Finds the first of many patterns that matches a name. Tests only patterns with a substring of their literal in
 * the name, because ten thousand tasks and ten thousand routes would be a hundred million tests.
 */
export class PatternIndex {
  readonly #patterns: readonly Pattern[];
  /** Substring of a literal → indexes of its patterns, ascending. */
  readonly #byPiece = new Map<string, number[]>();

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    const uses = new Map<string, number>();
    const pieces = patterns.map(({ literal }) => listSubstrings(literal, [lengthFor(literal)]));
    for (const piece of pieces.flat()) uses.set(piece, (uses.get(piece) ?? 0) + 1);
    for (const [place, each] of pieces.entries()) {
      // The substring with the fewest patterns.
      const piece = each.reduce((a, b) => (uses.get(b)! < uses.get(a)! ? b : a));
      const found = this.#byPiece.get(piece);
      if (found) found.push(place);
      else this.#byPiece.set(piece, [place]);
    }
  }

  /** Returns the index of the first pattern that matches, or -1. */
  find(name: string): number {
    const lengths = Array.from({ length: MAX_LENGTH + 1 }, (_, length) => length);
    let first = this.#patterns.length;
    for (const piece of listSubstrings(name, lengths)) {
      const places = this.#byPiece.get(piece) ?? [];
      const place = places.find((at) => at >= first || this.#patterns[at]!.test(name)) ?? first;
      if (place < first) first = place;
    }
    return first < this.#patterns.length ? first : -1;
  }
}

function lengthFor(literal: string): number {
  return Math.min(literal.length, MAX_LENGTH);
}

/** Lists the distinct substrings of these lengths. */
function listSubstrings(text: string, lengths: readonly number[]): string[] {
  const pieces = new Set<string>();
  for (const length of lengths) {
    if (length === 0) pieces.add('');
    else for (let at = 0; at + length <= text.length; at++) pieces.add(text.slice(at, at + length));
  }
  return [...pieces];
}
