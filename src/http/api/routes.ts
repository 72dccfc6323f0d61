import { Hono, type Context } from 'hono';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { CommandRejectedError } from '../../client/send-command.ts';
import { readHistoryPage } from '../../read-models/history/load-history.ts';
import { viewItem, viewWhy } from '../../read-models/history/view.ts';
import { findStatus, listInstances } from '../../read-models/status/load-status.ts';
import { loadStatusPage } from '../../read-models/status/status-page.ts';
import { nextRuns, NO_RUNS } from '../../read-models/status/entry-status.ts';
import { ConfigError } from '../../util/errors.ts';
import { formatIso } from '../../util/format-iso.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { requireChange } from '../access/access.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { findExplained } from '../find-explained.ts';
import { problem } from '../problem.ts';
import { readJson } from '../read-body.ts';
import { readExactInstant } from '../request-instant.ts';
import { submit, type CommandBody } from './commands.ts';
import { openApi } from './openapi.ts';
import { readQuery, auditQuery, commandQuery, historyQuery, nextQuery, statusQuery, whyQuery } from './requests.ts';

/** How long one request may search for instants. Milliseconds of this thread. */
const NEXT_BUDGET = 1_000;

/** The JSON API. */
export function apiRoutes(context: HttpContext): Hono<HttpEnv> {
  const { store, clock } = context;
  const routes = new Hono<HttpEnv>();
  const find = (name: string) => findStatus(entrySource(context), name, clock.now());

  routes.get('/status', async (c) => {
    const query = readQuery(statusQuery, c.req.query());
    return c.json(await loadStatusPage(entrySource(context), query, clock.now()));
  });
  routes.get('/entries/:name', async (c) => {
    const name = c.req.param('name');
    const found = await find(name);
    return found ? c.json(found.row) : problem(c, { status: 404, detail: unknown(name) });
  });
  routes.get('/entries/:name/next', async (c) => {
    const { count } = readQuery(nextQuery, c.req.query());
    const name = c.req.param('name');
    const found = await find(name);
    if (!found) return problem(c, { status: 404, detail: unknown(name) });
    const { entry, state } = found;
    const runs = entry ? nextRuns(entry, state, clock.now(), count) : null;
    const { instants, isPartial } = runs ? await runInSlices(runs, clock, NEXT_BUDGET) : NO_RUNS;
    return c.json({ entry: name, next: instants.map(formatIso), partial: isPartial });
  });
  routes.get('/entries/:name/history', async (c) => {
    const query = readQuery(historyQuery, c.req.query());
    if (!store.history) return problem(c, { status: 404, detail: 'no history is recorded' });
    const entry = c.req.param('name');
    const { items, next } = await readHistoryPage(store.history, entry, query);
    // The history of an entry that was removed can still be read.
    const isKnown = items.length > 0 || next !== null || (await find(entry)) !== null;
    if (!isKnown) return problem(c, { status: 404, detail: unknown(entry) });
    return c.json({ entry, rows: items.map((item) => viewItem(entry, item)), next });
  });
  routes.get('/entries/:name/why', async (c) => {
    const { at } = readQuery(whyQuery, c.req.query());
    const name = c.req.param('name');
    const found = await findExplained(context, name);
    if ('status' in found) return problem(c, found);
    const instant = at === undefined ? found.now : readExactInstant(at)!;
    const loaded = await found.explain(instant, formatIso);
    return c.json(viewWhy(name, found.rule, loaded));
  });
  routes.get('/audit', async (c) => {
    const { limit } = readQuery(auditQuery, c.req.query());
    const rows = (await store.commands.readAudit(limit)).map(decodeAudit);
    return c.json({ rows });
  });
  routes.get('/instances', async (c) => {
    return c.json({ instances: await listInstances(store.instances) });
  });
  routes.post('/commands', requireChange, async (c) => {
    const { wait } = readQuery(commandQuery, c.req.query());
    const body = await readCommand(c);
    try {
      const { id, row } = await submit(context, body, { access: c.var.access, wait });
      if (row === null) return c.json({ id, status: 'pending' }, 202);
      return c.json(row, row.status === 'applied' ? 200 : 409);
    } catch (error) {
      if (!(error instanceof CommandRejectedError)) throw error;
      throw new ConfigError(error.problems);
    }
  });
  routes.get('/openapi.json', (c) => c.json(openApi(context.version)));
  return routes;
}

async function readCommand(c: Context): Promise<CommandBody> {
  let body: unknown;
  try {
    body = await readJson(c);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConfigError(`invalid JSON: ${error.message}`);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as CommandBody;
  throw new ConfigError('expected a JSON object');
}

function unknown(name: string): string {
  return `there is no entry ${JSON.stringify(name)}`;
}
