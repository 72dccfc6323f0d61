import { compileRoutes, type Route, type RouteKey, type RouteRow } from '../../routing/routes.ts';
import type { RouteFunction } from '../define/routing.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { functionRoute } from './function-route.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { isMap } from '../keys/normalize-keys.ts';
import { readRoute } from './route.ts';

const FORMS = 'a map of names and routes, a function, or a list of such or of pairs';
const PAIR = 'a pair of a name, glob or regular expression, and its route';

/** Celery's `task_routes`; routes that are wrong are reported and left out. */
export function readTaskRoutes(
  input: unknown,
  report: Report,
  checkAccepted: CheckAccepted,
): Route[] {
  if (input === undefined) return [];
  const path = ['taskRoutes'];
  const items: readonly unknown[] = Array.isArray(input) ? input : [input];
  const routes: Route[] = [];
  let tables: RouteRow[][] = [];
  const flush = () => {
    if (tables.length > 0) routes.push(compileRoutes(tables));
    tables = [];
  };
  for (const [i, item] of items.entries()) {
    const at = Array.isArray(input) ? [...path, i] : path;
    if (typeof item === 'function') {
      // Tables are searched together, but none past a function, which may answer first.
      flush();
      routes.push(functionRoute(item as RouteFunction, at, checkAccepted));
    } else {
      tables.push(readRows(rowsOf(item, at, report), report, checkAccepted));
    }
  }
  flush();
  return routes;
}

type Row = readonly [key: RouteKey, route: unknown, at: Path];

function rowsOf(item: unknown, at: Path, report: Report): Row[] {
  if (Array.isArray(item)) {
    return isPair(item) ? pairsIn([item], at, report, false) : pairsIn(item, at, report);
  }
  if (isMap(item)) return Object.entries(item).map(([key, route]) => [key, route, [...at, key]]);
  report(at, typeof item === 'string' ? pythonCode(item) : expected(FORMS, item));
  return [];
}

function readRows(rows: readonly Row[], report: Report, checkAccepted: CheckAccepted): RouteRow[] {
  return rows.flatMap(([key, route, at]) => {
    const options = readRoute(route, at, report, checkAccepted);
    return options ? [[key, options] as const] : [];
  });
}

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
