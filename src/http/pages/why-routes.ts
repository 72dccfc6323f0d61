import { Hono } from 'hono';
import { INSTANT_FORMS } from '../../celery/message/parse-instant.ts';
import { formatInZone, formatLocal } from '../../schedule/zone/format-in-zone.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { findExplained } from '../find-explained.ts';
import { problem } from '../problem.ts';
import { readLocalInstant } from '../request-instant.ts';
import { readName, WHY_PATHS } from './entry-path.ts';
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
    const { at: text = '', shown = '' } = c.req.query();
    const at = text === '' ? now : readAt(text, shown, zone);
    const [frame, loaded] = await Promise.all([
      loadFrame(context, c),
      at === null ? null : found.explain(at, (each) => formatInZone(each, zone)),
    ]);
    const message = `expected ${INSTANT_FORMS}, in the years 1 to 9999, got ${JSON.stringify(text)}`;
    const errors = at === null ? [{ path: ['at'], message }] : [];
    return c.html(whyPage({ frame, entry, rule, zone, loaded, errors }), at === null ? 422 : 200);
  });
  return routes;
}

/**
 * The instant of the form. Where the clocks were set back, two instants have the same local time: an unchanged field means
 * the one that the page showed.
 */
function readAt(text: string, shown: string, zone: string): number | null {
  const before = readLocalInstant(shown, zone);
  return before !== null && formatLocal(before, zone) === text
    ? before
    : readLocalInstant(text, zone);
}
