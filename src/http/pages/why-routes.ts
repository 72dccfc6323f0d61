import { Hono } from 'hono';
import { INSTANT_FORMS, parseInstant } from '../../message/parse-instant.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { findExplained } from '../find-explained.ts';
import { problem } from '../problem.ts';
import { readName, WHY_PATHS } from './entry-path.ts';
import { formatInstant } from './format.ts';
import { loadFrame } from './frame.ts';
import { whyPage } from './why-page.ts';

/** The page that explains an instant of an entry: `at`, in the zone of the entry unless it has an offset; else now. */
export function whyRoutes(context: HttpContext): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.on('GET', WHY_PATHS, async (c) => {
    const entry = readName(c);
    const found = await findExplained(context, entry);
    if ('status' in found) return problem(c, found);
    const { rule, zone, now } = found;
    const text = c.req.query('at') ?? '';
    const at = text === '' ? now : parseInstant(text, zone);
    const [frame, loaded] = await Promise.all([
      loadFrame(context, c),
      at === null ? null : found.explain(at, (each) => `${formatInstant(each, zone)} ${zone}`),
    ]);
    const message = `expected ${INSTANT_FORMS}, got ${JSON.stringify(text)}`;
    const errors = at === null ? [{ path: ['at'], message }] : [];
    return c.html(whyPage({ frame, entry, rule, zone, loaded, errors }), at === null ? 422 : 200);
  });
  return routes;
}
