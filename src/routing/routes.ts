import type { MessageOptions } from '../message/message.ts';
import { globPattern } from './glob.ts';

/** What a route says of a task, for whatever the options of the task itself do not say. */
export type RouteOptions = Pick<
  MessageOptions,
  | ('queue' | 'exchange' | 'exchangeType' | 'routingKey')
  | ('priority' | 'deliveryMode' | 'headers' | 'serializer' | 'compression')
>;

/** Says where a task goes; `null` leaves that to the next route. Options are as the task has them. */
export type Route = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: MessageOptions,
) => RouteOptions | null;

/** A key of a table of routes: a name, a glob when it holds a `*`, or a regular expression. */
export type RouteKey = string | RegExp;

/** Routes by the names of tasks, as Celery reads them: a name itself comes before every pattern. */
export function routeTable(rows: Iterable<readonly [RouteKey, RouteOptions]>): Route {
  const names = new Map<string, RouteOptions>();
  const patterns: (readonly [RegExp, RouteOptions])[] = [];
  for (const [key, route] of rows) {
    if (typeof key !== 'string') patterns.push([fromTheStart(key), route]);
    else if (key.includes('*')) patterns.push([globPattern(key), route]);
    else names.set(key, route);
  }
  return (task) =>
    names.get(task) ?? patterns.find(([pattern]) => matches(pattern, task))?.[1] ?? null;
}

/** Python's `match`: from the first character on, to wherever the expression ends. */
function fromTheStart({ source, flags }: RegExp): RegExp {
  return new RegExp(source, `${flags.replace(/[gy]/g, '')}y`);
}

function matches(pattern: RegExp, task: string): boolean {
  // A sticky expression remembers where it stopped.
  pattern.lastIndex = 0;
  return pattern.test(task);
}
