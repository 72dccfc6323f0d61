import { Hono, type Context } from 'hono';
import type { Definition } from '../../catalog/definition.ts';
import { decodeAudit } from '../../commands/audit.ts';
import { CommandRejectedError } from '../../inbox/send-command.ts';
import { accountNewest } from '../../history/account-newest.ts';
import { joinRuns } from '../../history/join-runs.ts';
import { nextRuns } from '../../status/entry-status.ts';
import { findStatus, isPlace, loadStatusPage } from '../../status/status-page.ts';
import type { Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { requireChange } from '../access/access.ts';
import { submit, type SentCommand } from '../api/commands.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { problem } from '../problem.ts';
import { PastDayReader } from '../past-day.ts';
import { statusSource } from '../status-source.ts';
import { UpcomingRuns } from '../upcoming-runs.ts';
import { addPage, type NewEntry } from './add-page.ts';
import { auditPage } from './audit-page.ts';
import { entriesPage } from './entries-page.ts';
import { entryPage } from './entry-page.ts';
import { zoneOf } from './format.ts';
import { readAction, readNewEntry } from './forms.ts';
import { instancesPage } from './instances-page.ts';
import type { Frame } from './layout.ts';

/** Entries of a page. */
const PAGE = 50;
const NEXT = 20;
/** Occurrences of an entry's page, and rows of the history: up to three of one occurrence. */
const OCCURRENCES = 60;
const HISTORY = 3 * OCCURRENCES + 20;
const AUDIT = 200;
/** How long a page waits for the answer of the leader, milliseconds. */
const WAIT = 5_000;

type Problems = readonly Pick<Diagnostic, 'path' | 'message'>[];

/** The dashboard. */
export function pageRoutes(context: HttpContext): Hono<HttpEnv> {
  const { store, settings, clock, version } = context;
  const routes = new Hono<HttpEnv>();
  const upcoming = new UpcomingRuns(context);
  const pastDay = new PastDayReader(context);

  const frameFor = async (c: Context<HttpEnv>): Promise<Frame> => {
    const instances = await store.instances.list();
    const leader = instances.find(({ role }) => role === 'leader');
    const { permission, method } = c.var.access;
    return {
      path: c.req.path,
      leader: leader ? `${leader.host}${leader.pid === null ? '' : `:${leader.pid}`}` : null,
      mayChange: permission === 'change',
      hasSession: method === 'session',
      canLogIn: method === 'open' && c.var.http.changeToken !== null,
      version,
    };
  };

  routes.get('/', async (c) => {
    const { search = '', after = '' } = c.req.query();
    const query = {
      search: search.slice(0, 200),
      after: isPlace(after) ? after : null,
      limit: PAGE,
    };
    const now = clock.now();
    const [frame, page, past] = await Promise.all([
      frameFor(c),
      loadStatusPage(statusSource(context), query, now),
      pastDay.day(),
    ]);
    // Counting the runs of many entries would delay the queries of the page.
    const coming = await upcoming.day();
    const { entries, timezone } = settings();
    return c.html(
      entriesPage({
        ...{ frame, query, page, past, upcoming: coming, timezone, now },
        declared: entries.length,
      }),
    );
  });

  const showEntry = async (
    c: Context<HttpEnv>,
    name: string,
    errors: Problems = [],
  ): Promise<Response> => {
    const now = clock.now();
    const found = await findStatus(statusSource(context), name, now);
    const command = c.req.query('command');
    const [frame, history, answers, stored] = await Promise.all([
      frameFor(c),
      // After the state: an occurrence that it has as dealt with has a row.
      store.history?.read(name, { limit: HISTORY }),
      store.commands.findAudit(command === undefined ? [] : [command]),
      found?.row.source === 'store' ? store.entries.find([name]) : [],
    ]);
    if (!found)
      return problem(c, { status: 404, detail: `there is no entry ${JSON.stringify(name)}` });
    const { entry, state = null } = found;
    const recorded = entry &&
      history && { entry, state, rows: history.rows, isComplete: history.next === null };
    const answer = command === undefined ? null : answers.get(command);
    return c.html(
      entryPage({
        ...{ frame, row: found.row, errors, now },
        zone: zoneOf(found.row, settings().timezone),
        occurrences: recorded ? accountNewest(recorded, OCCURRENCES, now) : [],
        runs: history ? joinRuns(history.rows) : null,
        next: found.entry ? nextRuns(found.entry, found.state, now, NEXT) : [],
        definition: pretty(stored[0]?.definition),
        answer: answer === null ? null : answer === undefined ? 'pending' : decodeAudit(answer),
      }),
      errors.length > 0 ? 422 : 200,
    );
  };
  routes.get('/entries/:name', (c) => showEntry(c, c.req.param('name')));
  routes.post('/entries/:name', requireChange, async (c) => {
    const name = c.req.param('name');
    const sent = await send(async () => readAction(name, await c.req.parseBody()), c);
    if ('problems' in sent) return showEntry(c, name, sent.problems);
    const isGone = sent.row?.status === 'applied' && sent.row.do === 'remove';
    const path = isGone
      ? '/audit'
      : `/entries/${encodeURIComponent(name)}?command=${encodeURIComponent(sent.id)}`;
    return c.redirect(path, 303);
  });

  /** Sends the command of a form; returns all problems of one that is malformed. */
  const send = async (
    read: () => Promise<Definition>,
    c: Context<HttpEnv>,
  ): Promise<SentCommand | { readonly problems: Problems }> => {
    try {
      return await submit(context, await read(), { access: c.var.access, wait: WAIT });
    } catch (error) {
      if (error instanceof ConfigError) return { problems: error.errors };
      if (error instanceof CommandRejectedError) return { problems: error.problems };
      throw error;
    }
  };

  const showForm = async (
    c: Context<HttpEnv>,
    given: NewEntry,
    { errors = [], rejected = null }: { errors?: Problems; rejected?: string | null } = {},
  ): Promise<Response> => {
    const isWrong = errors.length > 0 || rejected !== null;
    return c.html(
      addPage({ frame: await frameFor(c), given, errors, rejected }),
      isWrong ? 422 : 200,
    );
  };
  routes.get('/add', requireChange, (c) => showForm(c, readNewEntry({}).given));
  routes.post('/add', requireChange, async (c) => {
    const { given, command } = readNewEntry(await c.req.parseBody());
    const sent = await send(async () => command(), c);
    if ('problems' in sent) return showForm(c, given, { errors: sent.problems });
    if (sent.row?.status === 'rejected') return showForm(c, given, { rejected: sent.row.answer });
    if (sent.row === null) return c.redirect('/', 303);
    return c.redirect(
      `/entries/${encodeURIComponent(given.entry)}?command=${encodeURIComponent(sent.id)}`,
      303,
    );
  });

  routes.get('/audit', async (c) => {
    const [frame, texts] = await Promise.all([frameFor(c), store.commands.readAudit(AUDIT)]);
    const rows = texts.flatMap((text) => decodeAudit(text) ?? []);
    return c.html(auditPage({ frame, rows, timezone: settings().timezone }));
  });
  routes.get('/instances', async (c) => {
    const [frame, instances] = await Promise.all([frameFor(c), store.instances.list()]);
    return c.html(instancesPage({ frame, instances, zone: settings().timezone, now: clock.now() }));
  });
  return routes;
}

/** A definition with indentation; `null` without one. */
function pretty(definition: string | undefined): string | null {
  if (definition === undefined) return null;
  try {
    return JSON.stringify(JSON.parse(definition), null, 2);
  } catch {
    return definition;
  }
}
