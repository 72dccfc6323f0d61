import type { Context } from 'hono';
import { z } from 'zod';
import { HISTORY_POSITION } from '../../contracts/store/history.ts';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { commandSchema } from '../../entries/commands/command.ts';
import { audit, auditRow, pending } from '../../entries/commands/shapes.ts';
import { readHistoryPage } from '../../read-models/history/load-history.ts';
import { historyPage, why } from '../../read-models/history/shapes.ts';
import { viewItem, viewWhy } from '../../read-models/history/view.ts';
import { nextRuns, NO_RUNS } from '../../read-models/status/entry-status.ts';
import { findStatus, listInstances, type FoundEntry } from '../../read-models/status/load-status.ts';
import { entryRow, instances, nextInstants, statusPage } from '../../read-models/status/shapes.ts';
import { loadStatusPage, parsePlace } from '../../read-models/status/status-page.ts';
import { formatIso } from '../../util/format-iso.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { shape } from '../../util/shape.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { findExplained, readExactInstant, REQUEST_INSTANT_FORMS } from '../explained-instant.ts';
import { problem, unknownEntry } from '../problem.ts';
import { readJsonMap } from '../read-body.ts';
import { submit } from './commands.ts';
import { streamEvents, type LiveReads } from './events.ts';

interface Call<Q> {
  readonly c: Context<HttpEnv>;
  readonly context: HttpContext;
  readonly reads: LiveReads;
  readonly query: Q;
  /** The name of the entry in the path; empty for other paths. */
  readonly name: string;
}

interface Operation<Q extends z.ZodObject = z.ZodObject> {
  /** Requests with `post` need the permission to change. */
  readonly method?: 'get' | 'post';
  readonly summary: string;
  readonly query?: Q;
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, readonly [description: string, schema?: z.ZodType]>>;
  readonly answer: (call: Call<z.output<Q>>) => Response | Promise<Response>;
}

/** Infers the type of the query. */
const operation = <Q extends z.ZodObject>(given: Operation<Q>) => given as unknown as Operation;

export const problemShape = shape(
  'Problem',
  'An error: RFC 9457.',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional(),
  }),
);

const NO_ENTRY = ['There is no such entry.', problemShape] as const;

/** Answers with an entry, or with status 404. */
async function withEntry(
  { c, context, name }: Call<unknown>,
  answer: (found: FoundEntry) => Response | Promise<Response>,
): Promise<Response> {
  const found = await findStatus(entrySource(context), name, context.clock.now());
  return found ? answer(found) : problem(c, unknownEntry(name));
}

const upTo = (most: number) => {
  const text = `a whole number from 1 to ${most}`;
  return z.coerce.number(text).int(text).min(1, text).max(most, text);
};
const limit = (most: number, otherwise: number) => upTo(most).default(otherwise);

const search = z
  .string()
  .max(200, 'at most 200 characters')
  .default('')
  .describe('Part of a name, or of a task of the configuration, in any case.');
const PLACE = '`next` of the page before';
const after = z
  .string()
  .refine((text) => parsePlace(text) !== null, PLACE)
  .nullable()
  .default(null)
  .describe(`${PLACE}.`);
const WAIT = 'a number of milliseconds from 0 to 30000';

/** How long one request may search for instants. Milliseconds of this thread. */
const NEXT_BUDGET = 1_000;

/** The operations of the API, by path. A test calls each of them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/api/status': operation({
    summary: 'Lists entries with their state, by pages.',
    query: z.strictObject({ search, limit: limit(1_000, 100), after }),
    answers: { 200: ['A page.', statusPage] },
    async answer({ c, context, query }) {
      return c.json(await loadStatusPage(entrySource(context), query, context.clock.now()));
    },
  }),
  '/api/entries/{name}': operation({
    summary: 'Shows one entry.',
    answers: { 200: ['The entry.', entryRow], 404: NO_ENTRY },
    answer: (call) => withEntry(call, ({ row }) => call.c.json(row)),
  }),
  '/api/entries/{name}/next': operation({
    summary: 'Lists the next instants at which an entry is published.',
    query: z.strictObject({ count: limit(1_000, 20) }),
    answers: { 200: ['The instants.', nextInstants], 404: NO_ENTRY },
    answer: (call) =>
      withEntry(call, async ({ entry, state, name }) => {
        const { clock } = call.context;
        const runs = entry ? nextRuns(entry, state, clock.now(), call.query.count) : null;
        const { instants, isPartial } = runs ? await runInSlices(runs, clock, NEXT_BUDGET) : NO_RUNS;
        return call.c.json({ entry: name, next: instants.map(formatIso), partial: isPartial });
      }),
  }),
  '/api/entries/{name}/history': operation({
    summary: 'Lists what happened to an entry, newest first.',
    query: z.strictObject({
      limit: limit(1_000, 100),
      before: z.string().regex(HISTORY_POSITION, PLACE).optional().describe(`${PLACE}.`),
    }),
    answers: {
      200: ['A page.', historyPage],
      404: ['There is no such entry, or no history is recorded.', problemShape],
    },
    async answer(call) {
      const { c, context, query, name: entry } = call;
      const { history } = context.store;
      if (!history) return problem(c, { status: 404, detail: 'no history is recorded' });
      const { items, next } = await readHistoryPage(history, entry, query);
      const page = () => c.json({ entry, rows: items.map((item) => viewItem(entry, item)), next });
      // The history of an entry that was removed can still be read.
      return items.length > 0 || next !== null ? page() : withEntry(call, page);
    },
  }),
  '/api/entries/{name}/why': operation({
    summary: 'Explains why an entry was or was not due at an instant, and what became of it.',
    query: z.strictObject({
      at: z
        .string()
        .refine((text) => readExactInstant(text) !== null, REQUEST_INSTANT_FORMS)
        .optional()
        .describe('An instant in ISO 8601 with an offset or `Z`; now without it.'),
    }),
    answers: { 200: ['The explanation.', why], 404: NO_ENTRY, 409: ['The entry cannot be read.', problemShape] },
    async answer({ c, context, query: { at }, name }) {
      const found = await findExplained(context, name);
      if ('status' in found) return problem(c, found);
      const instant = at === undefined ? found.now : readExactInstant(at)!;
      return c.json(viewWhy(name, found.rule, await found.explain(instant, formatIso)));
    },
  }),
  '/api/audit': operation({
    summary: 'Lists commands and their answers, newest first.',
    query: z.strictObject({ limit: limit(10_000, 100) }),
    answers: { 200: ['The rows.', audit] },
    async answer({ c, context, query }) {
      return c.json({ rows: (await context.store.commands.readAudit(query.limit)).map(decodeAudit) });
    },
  }),
  '/api/instances': operation({
    summary: 'Lists the running instances, the leader first.',
    answers: { 200: ['The instances.', instances] },
    answer: async ({ c, context }) => c.json({ instances: await listInstances(context.store.instances) }),
  }),
  '/api/commands': operation({
    method: 'post',
    summary: 'Sends a command to the leader, and waits for its answer.',
    query: z.strictObject({
      wait: z.coerce
        .number(WAIT)
        .min(0, WAIT)
        .max(30_000, WAIT)
        .default(5_000)
        .describe('How long to wait for the answer of the leader, in milliseconds.'),
    }),
    body: commandSchema,
    answers: {
      200: ['The leader applied it.', auditRow],
      202: ['The command is stored; no instance has answered yet.', pending],
      409: ['The leader rejected it.', auditRow],
      403: ['The token may only read.', problemShape],
    },
    async answer({ c, context, query: { wait } }) {
      const { id, row } = await submit(context, await readJsonMap(c), { access: c.var.access, wait });
      if (row === null) return c.json({ id, status: 'pending' }, 202);
      return c.json(row, row.status === 'applied' ? 200 : 409);
    },
  }),
  '/api/events': operation({
    summary:
      'Streams changes after the event `ready`: `status` of the given entries, `audit`, `instances`, and `day`: the totals of the last 24 hours.',
    query: z.strictObject({
      entry: z
        .union([z.string(), z.array(z.string())])
        .default([])
        .describe('Names of up to 200 entries whose status is streamed.'),
      limit: upTo(200).optional().describe('With it, the entries of this page of `/api/status` are streamed too.'),
      search,
      after,
    }),
    answers: { 200: ['A stream of server-sent events: see `StreamedEvents`.'] },
    answer: ({ c, context, reads, query }) => streamEvents(c, context, reads, query),
  }),
};
