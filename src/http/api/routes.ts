import { Hono, type Context } from 'hono';
import type { z } from 'zod';
import { readKeySchema } from '../../config/keys/key-schema.ts';
import { parse } from '../../config/validate.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { requireChange } from '../access/access.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { liveReads } from './events.ts';
import { openApi } from './openapi.ts';
import { OPERATIONS } from './operations.ts';

export function apiRoutes(context: HttpContext): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  const reads = liveReads(context);
  for (const [path, { method, query: schema, answer }] of Object.entries(OPERATIONS)) {
    const pattern = path.replace('{name}', ':name');
    const handle = (c: Context<HttpEnv>) => {
      const query = schema ? readQuery(schema, c.req.query()) : {};
      return answer({ c, context, reads, query, name: c.req.param('name') ?? '' });
    };
    if (method === 'post') routes.post(pattern, requireChange, handle);
    else routes.get(pattern, handle);
  }
  routes.get('/api/openapi.json', (c) => c.json(openApi(context.version)));
  return routes;
}

/** Validates the parameters of a request. Throws a `ConfigError` with all problems. */
function readQuery(schema: z.ZodObject, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const errors: Diagnostic[] = [];
  const report = (path: Diagnostic['path'], message: string) => void errors.push(errorAt(path, message));
  const query = parse(schema, given, { path: [], keys: readKeySchema(schema), report });
  if (query === undefined || errors.length > 0) throw new ConfigError(errors);
  return query;
}
