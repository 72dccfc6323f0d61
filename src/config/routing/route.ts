import { z } from 'zod';
import { parseCompression } from '../../celery/message/compression.ts';
import { parseSerializer } from '../../celery/message/serializers.ts';
import type { RouteOptions } from '../../celery/routing/routes.ts';
import { readKeySchema } from '../keys/key-schema.ts';
import { normalizeKeys } from '../keys/normalize-keys.ts';
import { isMap } from '../../util/is-map.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { checkHeaders } from '../options/headers.ts';
import { DELIVERY_MODES } from '../options/options.ts';
import { optionsSchema } from '../options/schema.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { named } from '../values/option.ts';
import { name } from '../values/scalars.ts';

const FORMS = 'the name of a queue, or a map of queue, exchange, routingKey, priority, …';

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

/** A queue's name, or options. */
export const routeForms = named(z.union([name(), routeSchema], FORMS), 'RouteConfig', {
  description: 'The name of a queue, or options for tasks that do not have them.',
});

const KEYS = readKeySchema(routeSchema)!;

/** One validated route; `null` after its errors were reported. */
export function readRoute(
  route: unknown,
  path: Path,
  report: Report,
  checkAccepted: CheckAccepted,
): RouteOptions | null {
  if (typeof route === 'string' && route !== '') return { queue: route };
  if (!isMap(route)) {
    report(path, expected(FORMS, route));
    return null;
  }
  const input = parse(routeSchema, normalizeKeys(route, KEYS, path, report), {
    ...{ path, keys: KEYS, report },
  });
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
