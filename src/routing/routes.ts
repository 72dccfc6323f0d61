import { memoize } from '../util/memoize.ts';
import type { MessageOptions } from '../message/message.ts';
import { Glob } from './glob.ts';
import { PatternIndex, type Pattern } from './pattern-index.ts';

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

/** A key of a table of routes: a name, a glob when it holds a `*`, or a regular expression. */
export type RouteKey = string | RegExp;

export type RouteRow = readonly [key: RouteKey, route: RouteOptions];

/**
 * Compiles tables of routes, as Celery reads them: the first table that matches is used, and in it the exact name
 * takes precedence over patterns.
 */
export function compileRoutes(tables: readonly (readonly RouteRow[])[]): Route {
  const named = new Map<string, Row>();
  const patterns: (Row & { readonly pattern: Pattern })[] = [];
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

interface Row {
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
