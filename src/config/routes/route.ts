import { compressionNamed } from '../../message/compression.ts';
import { serializerNamed } from '../../message/serializers/find.ts';
import type { RouteOptions } from '../../routing/routes.ts';
import { checkHeaders } from '../entries/headers.ts';
import { levelOf } from '../names/levels.ts';
import { DELIVERY_MODES } from '../entries/options.ts';
import type { CheckAccepted } from '../service/accept-content.ts';
import { expected, parse, type Path, type Report } from '../problems.ts';
import { isMap, respell } from '../names/respell.ts';
import { ROUTE, routeSchema } from '../schema/routes.ts';

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
  const serializer = input.serializer && serializerNamed(input.serializer);
  checkAccepted(serializer, [...path, 'serializer'], report);
  return {
    ...rest,
    deliveryMode: deliveryMode === undefined ? undefined : DELIVERY_MODES[deliveryMode],
    serializer,
    compression: compression && compressionNamed(compression),
  };
}
