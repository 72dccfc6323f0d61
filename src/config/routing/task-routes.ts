import { z } from 'zod';
import { parseCompression } from '../../celery/message/compression.ts';
import { parseSerializer } from '../../celery/message/serializers.ts';
import {
  type RouteOptions,
  type Route,
  compileRoutes,
  type RouteKey,
  type RouteRow,
} from '../../celery/routing/routes.ts';
import { readKeySchema, normalizeKeys } from '../keys/key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import type { CheckAccepted } from '../message/encoding.ts';
import { checkHeaders } from '../options/headers.ts';
import { optionsSchema } from '../options/options.ts';
import { DELIVERY_MODES } from './task-queues.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { named, name, MAP } from '../values/option.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { markHandled } from '../../util/promise.ts';
import type { RouteFunction } from '../../generated/config-types.ts';
import { reportIllFormed } from '../../celery/message/arguments.ts';
import { plainData } from '../source/plain-data.ts';

const ROUTE_FORMS = 'the name of a queue, or a map of queue, exchange, routingKey, priority, …';

/** The options that Celery's routing may add to a task; the others belong to the task. */
const routeSchema = named(
  optionsSchema.pick({
    queue: true,
    exchange: true,
    exchangeType: true,
    routingKey: true,
    priority: true,
    deliveryMode: true,
    headers: true,
    serializer: true,
    compression: true,
  }),
  'RouteOptions',
  { description: 'Options for tasks that do not have them.' },
);

export const routeForms = named(z.union([name(), routeSchema], ROUTE_FORMS), 'RouteConfig', {
  description: 'The name of a queue, or options for tasks that do not have them.',
});

const ROUTE_KEYS = readKeySchema(routeSchema)!;

/** One validated route; `null` after its errors were reported. */
function readRoute(route: unknown, path: Path, report: Report, checkAccepted: CheckAccepted): RouteOptions | null {
  if (typeof route === 'string' && route !== '') return { queue: route };
  if (!isMap(route)) {
    report(path, expected(ROUTE_FORMS, route));
    return null;
  }
  const context = { path, keys: ROUTE_KEYS, report };
  const input = parse(routeSchema, normalizeKeys(route, ROUTE_KEYS, path, report), context);
  if (!input) return null;
  checkHeaders(input.headers, [...path, 'headers'], report);
  const { deliveryMode, compression, ...rest } = input;
  const serializer = input.serializer && parseSerializer(input.serializer);
  checkAccepted(serializer, [...path, 'serializer'], report);
  return {
    ...rest,
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer,
    compression: compression && parseCompression(compression),
  };
}

/** Wraps a user's function as a route. Invalid results and exceptions become a `ConfigError` at the path of the function. */
function functionRoute(route: RouteFunction, path: Path, checkAccepted: CheckAccepted): Route {
  return (task, args, kwargs, options) => {
    const result = call(() => route(task, args, kwargs, options), path, task);
    if (result === null || result === undefined) return null;
    const errors: Diagnostic[] = [];
    const report: Report = (inner, message) => {
      const where = inner.length > 0 ? `${inner.join('.')}: ` : '';
      errors.push(errorAt(path, `what it returns for "${task}": ${where}${message}`));
    };
    const data = plainData(result, report);
    if (errors.length > 0) throw new ConfigError(errors);
    reportIllFormed(data, [], report);
    const found = readRoute(data, [], report, checkAccepted);
    if (!found || errors.length > 0) throw new ConfigError(errors);
    return found;
  };
}

function call(run: () => unknown, path: Path, task: string): unknown {
  let message = `what it returns for "${task}": a promise; a route cannot wait`;
  try {
    const result = run();
    if (!markHandled(result)) return result;
  } catch (error) {
    message = `the function threw for "${task}": ${describeError(error)}`;
  }
  throw new ConfigError([errorAt(path, message)]);
}

const ROUTES_FORMS = 'a map of names and routes, a function, or a list of such or of pairs';
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
export function readTaskRoutes(input: unknown, report: Report, checkAccepted: CheckAccepted): Route[] {
  if (input === undefined) return [];
  const items: readonly unknown[] = Array.isArray(input) ? input : [input];
  const routes: Route[] = [];
  let tables: RouteRow[][] = [];
  const flush = () => {
    if (tables.length > 0) routes.push(compileRoutes(tables));
    tables = [];
  };
  for (const [i, item] of items.entries()) {
    const at = Array.isArray(input) ? ['taskRoutes', i] : ['taskRoutes'];
    if (typeof item === 'function') {
      // A function is tried before later tables, so only the tables between two functions are searched together.
      flush();
      routes.push(functionRoute(item as RouteFunction, at, checkAccepted));
    } else {
      tables.push(readRows(item, at, report, checkAccepted));
    }
  }
  flush();
  return routes;
}

function readRows(item: unknown, at: Path, report: Report, checkAccepted: CheckAccepted): RouteRow[] {
  return listRows(item, at, report).flatMap(([key, route, at]) => {
    const options = readRoute(route, at, report, checkAccepted);
    return options ? [[key, options] as const] : [];
  });
}

type Row = readonly [key: RouteKey, route: unknown, at: Path];

function listRows(item: unknown, at: Path, report: Report): Row[] {
  if (Array.isArray(item)) {
    return isKey(item[0]) ? listPair(item, at, report) : item.flatMap((each, i) => listPair(each, [...at, i], report));
  }
  if (isMap(item)) return Object.entries(item).map(([key, route]) => [key, route, [...at, key]]);
  report(at, typeof item === 'string' ? explainPythonPath(item) : expected(ROUTES_FORMS, item));
  return [];
}

function listPair(item: unknown, at: Path, report: Report): Row[] {
  if (Array.isArray(item) && item.length === 2 && isKey(item[0])) return [[item[0], item[1], [...at, 1]]];
  report(at, expected(PAIR, item));
  return [];
}

function isKey(value: unknown): value is RouteKey {
  return typeof value === 'string' || value instanceof RegExp;
}

function explainPythonPath(name: string): string {
  return (
    `"${name}" names Python code, which beat cannot run; write it as a function (task, args, kwargs, ` +
    `options) => … in a TypeScript configuration, or as a map of names and globs`
  );
}
