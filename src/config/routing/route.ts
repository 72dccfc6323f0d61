import { parseCompression } from '../../message/compression.ts';
import { parseSerializer } from '../../message/serializers/find.ts';
import type { RouteOptions } from '../../routing/routes.ts';
import { checkHeaders } from '../options/headers.ts';
import { levelOf } from '../keys/key-schema.ts';
import { DELIVERY_MODES } from '../options/options.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { isMap, respell } from '../keys/normalize-keys.ts';
import { ROUTE, routeSchema } from './route-schema.ts';

const LEVEL = levelOf(routeSchema)!;

/** What one route says; `null` after what is wrong with it was reported. */
export function readRoute(
  route: unknown,
  path: Path,
  report: Report,
  checkAccepted: CheckAccepted,
): RouteOptions | null {
  if (typeof route === 'string' && route !== '') return { queue: route };
  if (!isMap(route)) {
    report(path, expected(ROUTE, route));
    return null;
  }
  const input = parse(routeSchema, respell(route, LEVEL, path, report), {
    ...{ path, level: LEVEL, report },
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
