import { z } from 'zod';
import type { RouteFunction } from '../config-types.ts';
import {
  compileRoutes,
  type Route,
  type RouteKey,
  type RouteRow,
} from '../../celery/routing/routes.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { functionRoute } from './function-route.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { named } from '../values/option.ts';
import { MAP, name } from '../values/scalars.ts';
import { readRoute, routeForms } from './route.ts';

const FORMS = 'a map of names and routes, a function, or a list of such or of pairs';
const PAIR = 'a pair of a name, glob or regular expression, and its route';

const table = named(z.record(name(), routeForms, MAP), 'RouteTable');
const routeFunction = named(
  z.custom<RouteFunction>((value) => typeof value === 'function'),
  'RouteFunction',
  {
    description:
      'A route in code; `null` leaves the task to the next route. Called once for each entry, at load and again when beat ' +
      'starts; where arguments depend on the occurrence, once for each occurrence. `options` are those of the task, with ' +
      'durations in milliseconds.',
    type: `(
      task: string,
      args: readonly unknown[],
      kwargs: Readonly<Record<string, unknown>>,
      options: Readonly<MessageOptions>,
    ) => RouteConfig | null | undefined`,
    imports: { MessageOptions: 'celery/message/message.ts' },
  },
);
const pair = named(z.tuple([z.union([name(), z.instanceof(RegExp)]), routeForms]), 'RoutePair', {
  description:
    "A task's name, a glob if it contains a `*`, or (in code) an expression that matches from the start of the name.",
});

/** For the JSON Schema and the generated types; `readTaskRoutes` validates row by row. */
export const taskRoutesSchema = named(
  z.union([table, routeFunction, z.array(z.union([table, routeFunction, pair, z.array(pair)]))]),
  'RoutesConfig',
  {
    description:
      'A table, a function, or a list of tables, functions, pairs and lists of pairs. The first match decides.',
  },
);

/** Celery's `task_routes`; invalid routes are reported and left out. */
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
      // Tables are searched together, but not across a function, which may match first.
      flush();
      routes.push(functionRoute(item as RouteFunction, at, checkAccepted));
    } else {
      tables.push(readRows(listRows(item, at, report), report, checkAccepted));
    }
  }
  flush();
  return routes;
}

type Row = readonly [key: RouteKey, route: unknown, at: Path];

function listRows(item: unknown, at: Path, report: Report): Row[] {
  if (Array.isArray(item)) {
    return isPair(item) ? listPairs([item], at, report, false) : listPairs(item, at, report);
  }
  if (isMap(item)) return Object.entries(item).map(([key, route]) => [key, route, [...at, key]]);
  report(at, typeof item === 'string' ? explainPythonPath(item) : expected(FORMS, item));
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

function listPairs(items: readonly unknown[], path: Path, report: Report, several = true): Row[] {
  return items.flatMap((item, i): Row[] => {
    const at = several ? [...path, i] : path;
    if (Array.isArray(item) && item.length === 2 && isPair(item)) {
      return [[item[0] as RouteKey, item[1], [...at, 1]]];
    }
    report(at, expected(PAIR, item));
    return [];
  });
}

function explainPythonPath(name: string): string {
  return (
    `"${name}" names Python code, which beat cannot run; write it as a function (task, args, kwargs, ` +
    `options) => … in a TypeScript configuration, or as a map of names and globs`
  );
}
