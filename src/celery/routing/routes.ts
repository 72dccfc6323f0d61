import type { MessageOptions } from '../message/message.ts';
import { compileGlob, type Pattern } from './glob.ts';
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

/** Compiles tables of routes: the first that matches is used, and in it an exact name precedes patterns. */
export function compileRoutes(tables: readonly (readonly RouteRow[])[]): Route {
  const named = new Map<string, TableRoute>();
  const patterns: (TableRoute & { readonly pattern: Pattern })[] = [];
  for (const [table, rows] of tables.entries()) {
    for (const [key, route] of rows) {
      const row = { table, route };
      if (typeof key !== 'string') patterns.push({ ...row, pattern: anchor(key) });
      else if (key.includes('*')) patterns.push({ ...row, pattern: compileGlob(key) });
      else if ((named.get(key)?.table ?? table) === table) named.set(key, row);
    }
  }
  const find = indexPatterns(patterns.map(({ pattern }) => pattern));
  const routes = memoize<RouteOptions | null>();
  return (task) =>
    routes(task, () => {
      const name = named.get(task);
      const match = patterns[find(task)];
      return (name && !(match && match.table < name.table) ? name : match)?.route ?? null;
    });
}

interface TableRoute {
  readonly table: number;
  readonly route: RouteOptions;
}

/** Python's `re.match`: anchored at the start only. */
function anchor({ source, flags }: RegExp): Pattern {
  const expression = new RegExp(source, `${flags.replace(/[gy]/g, '')}y`);
  const test = (task: string) => {
    // A sticky expression is stateful.
    expression.lastIndex = 0;
    return expression.test(task);
  };
  return { literal: '', test };
}

/** The length of the indexed substrings: four letters distinguish most patterns. */
const MAX_LENGTH = 4;

/**
 * Returns a function that finds the index of the first of many patterns that matches a name, or -1. It tests only
 * patterns with a substring of their literal in the name, because ten thousand tasks and ten thousand routes would be
 * a hundred million tests.
 */
export function indexPatterns(patterns: readonly Pattern[]): (name: string) => number {
  const uses = new Map<string, number>();
  const pieces = patterns.map(({ literal }) => listSubstrings(literal, [Math.min(literal.length, MAX_LENGTH)]));
  for (const piece of pieces.flat()) uses.set(piece, (uses.get(piece) ?? 0) + 1);
  // The substring with the fewest patterns → the indexes of its patterns, ascending.
  const byPiece = Map.groupBy(patterns.keys(), (at) =>
    pieces[at]!.reduce((a, b) => (uses.get(b)! < uses.get(a)! ? b : a)),
  );
  const lengths = Array.from({ length: MAX_LENGTH + 1 }, (_, length) => length);
  return (name) => {
    let first = patterns.length;
    for (const piece of listSubstrings(name, lengths)) {
      const place = byPiece.get(piece)?.find((at) => at >= first || patterns[at]!.test(name)) ?? first;
      first = Math.min(first, place);
    }
    return first < patterns.length ? first : -1;
  };
}

function listSubstrings(text: string, lengths: readonly number[]): string[] {
  const pieces = new Set<string>();
  for (const length of lengths) {
    if (length === 0) pieces.add('');
    else for (let at = 0; at + length <= text.length; at++) pieces.add(text.slice(at, at + length));
  }
  return [...pieces];
}
