import { Hono, type Context } from 'hono';
import type { Definition } from '../../entries/catalog/definition.ts';
import type { SentCommand } from '../../client/send-command.ts';
import { ConfigError } from '../../util/errors.ts';
import { requireChange } from '../access/access.ts';
import { submit } from '../api/commands.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { problem, unknownEntry } from '../problem.ts';
import { readForm } from '../read-body.ts';
import { addPage, type NewEntry, readAction, readNewEntry } from './entry-forms.ts';
import { ENTRY_PATHS, entryPath, readName } from './entry-path.ts';
import { entryPage, loadEntryPage } from './entry-page.ts';
import { loadFrame, type Problems } from './layout.ts';

/** How long a page waits for the answer of the leader, milliseconds. */
const WAIT = 5_000;

export function entryRoutes(context: HttpContext): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();

  const showEntry = async (c: Context<HttpEnv>, name: string, errors: Problems = []): Promise<Response> => {
    const page = await loadEntryPage(context, c, name);
    return page ? c.html(entryPage(page, errors), errors.length > 0 ? 422 : 200) : problem(c, unknownEntry(name));
  };
  routes.on('GET', ENTRY_PATHS, (c) => showEntry(c, readName(c)));
  routes.on('POST', ENTRY_PATHS, requireChange, async (c) => {
    const name = readName(c);
    const sent = await send(async () => readAction(name, await readForm(c)), c);
    if ('problems' in sent) return showEntry(c, name, sent.problems);
    const isGone = sent.row?.status === 'applied' && sent.row.do === 'remove';
    return c.redirect(isGone ? '/audit' : entryPath(name, { command: sent.id }), 303);
  });

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
