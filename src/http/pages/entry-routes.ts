import { Hono, type Context } from 'hono';
import type { Definition } from '../../entries/catalog/definition.ts';
import { decodeAnswer } from '../../entries/commands/audit.ts';
import { accountNewest } from '../../read-models/history/account.ts';
import { joinRuns } from '../../read-models/history/join-runs.ts';
import type { SentCommand } from '../../client/send-command.ts';
import { nextRuns, NO_RUNS } from '../../read-models/status/entry-status.ts';
import { findStatus } from '../../read-models/status/load-status.ts';
import { parseJson } from '../../util/decode/json.ts';
import { ConfigError } from '../../util/errors.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { requireChange } from '../access/access.ts';
import { submit } from '../api/commands.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { problem, unknownEntry } from '../problem.ts';
import { readForm } from '../read-body.ts';
import { addPage, type NewEntry, readAction, readNewEntry } from './entry-forms.ts';
import { ENTRY_PATHS, entryPath, readName } from './entry-path.ts';
import { entryPage } from './entry-page.ts';
import { zoneOf } from './format.ts';
import { loadFrame, type Problems } from './layout.ts';

const NEXT = 20;
/** How long the search for the next runs may take, milliseconds; after that, the page shows fewer. */
const NEXT_BUDGET = 500;
/** Occurrences on an entry's page, and rows of the history: an occurrence has up to three. */
const OCCURRENCES = 60;
const HISTORY = 3 * OCCURRENCES + 20;
/** How long a page waits for the answer of the leader, milliseconds. */
const WAIT = 5_000;

/** The page of an entry, the form for a new one, and the commands that they send. */
export function entryRoutes(context: HttpContext): Hono<HttpEnv> {
  const { store, clock } = context;
  const routes = new Hono<HttpEnv>();

  const showEntry = async (c: Context<HttpEnv>, name: string, errors: Problems = []): Promise<Response> => {
    const now = clock.now();
    const found = await findStatus(entrySource(context), name, now);
    const command = c.req.query('command');
    const [frame, history, answers, stored] = await Promise.all([
      loadFrame(context, c),
      // Read after the state: every occurrence that the state counts as dealt with then has a row.
      store.history?.read(name, { limit: HISTORY }),
      store.commands.findAudit(command === undefined ? [] : [command]),
      found?.row.source === 'store' ? store.entries.find([name]) : [],
    ]);
    if (!found) return problem(c, unknownEntry(name));
    const { entry, state } = found;
    const runs = entry && nextRuns(entry, found.state, now, NEXT);
    const next = runs ? await runInSlices(runs, clock, NEXT_BUDGET) : NO_RUNS;
    const recorded = entry && history && { entry, state, rows: history.rows, isComplete: history.next === null };
    const occurrences = recorded ? await runInSlices(accountNewest(recorded, OCCURRENCES, now), clock) : [];
    const answer = command === undefined ? undefined : answers.get(command);
    return c.html(
      entryPage({
        frame,
        row: found.row,
        errors,
        zone: zoneOf(found.row, frame.zone),
        next,
        occurrences,
        runs: history ? joinRuns(history.rows) : null,
        definition: pretty(stored[0]?.definition),
        answer:
          command === undefined ? null : answer === undefined ? 'pending' : decodeAnswer({ id: command, json: answer }),
      }),
      errors.length > 0 ? 422 : 200,
    );
  };
  routes.on('GET', ENTRY_PATHS, (c) => showEntry(c, readName(c)));
  routes.on('POST', ENTRY_PATHS, requireChange, async (c) => {
    const name = readName(c);
    const sent = await send(async () => readAction(name, await readForm(c)), c);
    if ('problems' in sent) return showEntry(c, name, sent.problems);
    const isGone = sent.row?.status === 'applied' && sent.row.do === 'remove';
    return c.redirect(isGone ? '/audit' : entryPath(name, { command: sent.id }), 303);
  });

  /** Sends the command of a form; returns all problems of a malformed command. */
  const send = async (
    read: () => Promise<Definition>,
    c: Context<HttpEnv>,
  ): Promise<SentCommand | { readonly problems: Problems }> => {
    try {
      return await submit(context, await read(), { access: c.var.access, wait: WAIT });
    } catch (error) {
      if (error instanceof ConfigError) return { problems: error.errors };
      throw error;
    }
  };

  const showForm = async (
    c: Context<HttpEnv>,
    given: NewEntry,
    errors: Problems = [],
    rejected: string | null = null,
  ): Promise<Response> => {
    const isWrong = errors.length > 0 || rejected !== null;
    return c.html(addPage(await loadFrame(context, c), given, errors, rejected), isWrong ? 422 : 200);
  };
  routes.get('/add', requireChange, (c) => showForm(c, readNewEntry({}).given));
  routes.post('/add', requireChange, async (c) => {
    const { given, command } = readNewEntry(await readForm(c));
    const sent = await send(async () => command(), c);
    if ('problems' in sent) return showForm(c, given, sent.problems);
    if (sent.row?.status === 'rejected') return showForm(c, given, [], sent.row.answer);
    if (sent.row === null) return c.redirect('/', 303);
    return c.redirect(entryPath(given.entry, { command: sent.id }), 303);
  });
  return routes;
}

/** A definition with indentation; `null` without one. */
function pretty(definition: string | undefined): string | null {
  if (definition === undefined) return null;
  try {
    return JSON.stringify(parseJson(definition), null, 2);
  } catch {
    return definition;
  }
}
