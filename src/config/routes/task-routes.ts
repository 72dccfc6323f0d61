import { routeTable, type Route, type RouteKey } from '../../routing/routes.ts';
import type { RouteFunction } from '../define/routing.ts';
import { functionRoute } from './function-route.ts';
import { expected, type Path, type Report } from '../problems.ts';
import { isMap } from '../names/respell.ts';
import { readRoute } from './route.ts';

const FORMS = 'a map of names and routes, a function, or a list of such or of pairs';
const PAIR = 'a pair of a name, glob or regular expression, and its route';

/** Celery's `task_routes`; routes that are wrong are reported and left out. */
export function readTaskRoutes(input: unknown, report: Report): Route[] {
  if (input === undefined) return [];
  const path = ['taskRoutes'];
  if (!Array.isArray(input)) return read(input, path, report);
  return input.flatMap((item: unknown, i) => {
    if (Array.isArray(item) && !isPair(item)) return [tableOf(pairsIn(item, [...path, i], report))];
    if (Array.isArray(item)) return [tableOf(pairsIn([item], [...path, i], report, false))];
    return read(item, [...path, i], report);
  });

  function tableOf(rows: readonly Row[]): Route {
    return routeTable(
      rows.flatMap(([key, route, at]) => {
        const options = readRoute(route, at, report);
        return options ? [[key, options] as const] : [];
      }),
    );
  }

  function read(item: unknown, at: Path, report: Report): Route[] {
    if (typeof item === 'function') return [functionRoute(item as RouteFunction, at)];
    if (isMap(item)) {
      return [tableOf(Object.entries(item).map(([key, route]) => [key, route, [...at, key]]))];
    }
    if (typeof item === 'string') report(at, pythonCode(item));
    else report(at, expected(FORMS, item));
    return [];
  }
}

type Row = readonly [key: RouteKey, route: unknown, at: Path];

function isPair(item: readonly unknown[]): boolean {
  return typeof item[0] === 'string' || item[0] instanceof RegExp;
}

function pairsIn(items: readonly unknown[], path: Path, report: Report, several = true): Row[] {
  return items.flatMap((item, i): Row[] => {
    const at = several ? [...path, i] : path;
    if (Array.isArray(item) && item.length === 2 && isPair(item)) {
      return [[item[0] as RouteKey, item[1], [...at, 1]]];
    }
    report(at, expected(PAIR, item));
    return [];
  });
}

function pythonCode(name: string): string {
  return (
    `"${name}" names Python code, which beat cannot run; write it as a function (task, args, kwargs, ` +
    `options) => … in a TypeScript configuration, or as a map of names and globs`
  );
}
