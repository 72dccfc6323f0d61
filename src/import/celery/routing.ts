import { readKeySchema, type KeySchema } from '../../config/keys/key-schema.ts';
import { normalizeKeys } from '../../config/keys/normalize-keys.ts';
import { isMap } from '../../util/is-map.ts';
import { namedQueueSchema } from '../../config/routing/queue-schema.ts';
import { routeForms } from '../../config/routing/route.ts';

const QUEUE = readKeySchema(namedQueueSchema)!;
const ROUTE = readKeySchema(routeForms)!;

type Settings = Readonly<Record<string, unknown>>;

/** Gives lists of queues and routes beat's spelling, which other parts of a configuration get as they are written. */
export function withCanonicalRouting(settings: Settings): Settings {
  const { task_queues: queues, task_routes: routes } = settings;
  return {
    ...settings,
    ...(Array.isArray(queues) && { task_queues: queues.map((row) => canonical(row, QUEUE)) }),
    ...(Array.isArray(routes) && { task_routes: routes.map(canonicalTable) }),
  };
}

function canonicalTable(table: unknown): unknown {
  if (Array.isArray(table)) {
    return table.map(([key, target]: [unknown, unknown]) => [key, canonical(target, ROUTE)]);
  }
  if (!isMap(table)) return table;
  const pairs = Object.entries(table).map(([key, target]) => [key, canonical(target, ROUTE)]);
  return Object.fromEntries(pairs) as unknown;
}

function canonical(value: unknown, schema: KeySchema): unknown {
  return normalizeKeys(value, schema, [], () => {});
}
