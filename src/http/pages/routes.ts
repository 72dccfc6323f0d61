import { Hono } from 'hono';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { listInstances } from '../../read-models/status/load-status.ts';
import { loadStatusPage, parsePlace } from '../../read-models/status/status-page.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { pastDayReader, upcomingDayReader } from '../day-counts.ts';
import { entriesPage } from './entries-page.ts';
import { entryRoutes } from './entry-routes.ts';
import { loadFrame } from './layout.ts';
import { auditPage, instancesPage } from './lists.ts';
import { whyRoutes } from './why-page.ts';

const PAGE = 50;
const AUDIT = 200;

export function pageRoutes(context: HttpContext): Hono<HttpEnv> {
  const { store, clock } = context;
  const routes = new Hono<HttpEnv>();
  const readPast = pastDayReader(context);
  const readUpcoming = upcomingDayReader(context);

  routes.get('/', async (c) => {
    const { search = '', after = '' } = c.req.query();
    // `/api/events` rejects a place that is not the end of a page.
    const place = parsePlace(after) ? after : null;
    const query = { search: search.slice(0, 200), after: place, limit: PAGE };
    const [frame, page, past] = await Promise.all([
      loadFrame(context, c),
      loadStatusPage(entrySource(context), query, clock.now()),
      readPast(),
    ]);
    // Counting the runs of many entries would delay the queries of the page.
    const upcoming = await readUpcoming();
    return c.html(entriesPage(frame, query, page, { past, upcoming }));
  });

  routes.route('/', entryRoutes(context));
  routes.route('/', whyRoutes(context));
  routes.get('/audit', async (c) => {
    const [frame, texts] = await Promise.all([loadFrame(context, c), store.commands.readAudit(AUDIT)]);
    return c.html(auditPage(frame, texts.map(decodeAudit)));
  });
  routes.get('/instances', async (c) => {
    const [frame, instances] = await Promise.all([loadFrame(context, c), listInstances(store.instances)]);
    return c.html(instancesPage(frame, instances));
  });
  return routes;
}
