import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { findStatuses } from '../../status/status-page.ts';
import type { OutcomeRow } from '../../store/history.ts';
import { findAccess } from '../access/access.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { problem } from '../problem.ts';
import { statusSource } from '../status-source.ts';
import { readQuery } from './read-query.ts';
import { eventsQuery } from './schemas.ts';

/** Between two looks for changes, milliseconds. */
const INTERVAL = 1_000;
/** Looks between two comments that keep an idle connection open through proxies. */
const KEEP_ALIVE = 15;
/** Entries of one stream. */
const MAX_ENTRIES = 200;
/** Streams of one instance: each reads the store once a second. */
const MAX_STREAMS = 100;

interface Change {
  readonly event: 'status' | 'outcome' | 'audit' | 'instances';
  readonly data: string;
}

/** Streams changes. It polls the store, so that it works on followers too. */
export function eventRoutes(context: HttpContext): Hono<HttpEnv> {
  const { clock, stopped } = context;
  const routes = new Hono<HttpEnv>();
  let streams = 0;
  routes.get('/events', (c) => {
    readQuery(eventsQuery, c.req.query());
    // The answer has no body, so no client would ever end the stream.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    const names = (c.req.queries('entry') ?? []).slice(0, MAX_ENTRIES);
    if (streams >= MAX_STREAMS) return problem(c, { status: 503, detail: 'too many streams' });
    streams += 1;
    const changes = new Changes(context, names);
    // A session ends, and a reload replaces tokens.
    const mayRead = async () => {
      c.set('http', context.settings().http!);
      return (await findAccess(c, clock.now())).permission !== null;
    };
    return streamSSE(c, async (stream) => {
      const ended = new AbortController();
      stream.onAbort(() => ended.abort());
      const signal = AbortSignal.any([stopped, ended.signal]);
      try {
        await changes.poll().catch(() => []);
        await stream.write(': open\n\n');
        for (let looks = 1; !signal.aborted; looks++) {
          await clock.sleep(INTERVAL, signal);
          if (!(await mayRead())) break;
          if (looks % KEEP_ALIVE === 0) await stream.write(': alive\n\n');
          // A page shows an outage itself; the stream goes on when the store is back.
          for (const change of await changes.poll().catch(() => [])) await stream.writeSSE(change);
        }
      } finally {
        streams -= 1;
      }
    });
  });
  return routes;
}

/** Compares what the store has with what it had. */
class Changes {
  readonly #context: HttpContext;
  readonly #names: readonly string[];
  readonly #seen = new Map<string, string>();

  constructor(context: HttpContext, names: readonly string[]) {
    this.#context = context;
    this.#names = names;
  }

  async poll(): Promise<readonly Change[]> {
    const { store, clock } = this.#context;
    const [rows, outcomes, audit, instances] = await Promise.all([
      findStatuses(statusSource(this.#context), this.#names, clock.now()),
      this.#readOutcomes(),
      store.commands.readAudit(1),
      store.instances.list(),
    ]);
    const running = instances.map(({ seenAgoMs: _seen, ...instance }) => instance);
    const found: (Change & { readonly key: string })[] = [
      ...rows.map((row) => ({
        key: row.entry,
        event: 'status' as const,
        data: JSON.stringify(row),
      })),
      ...outcomes.map((data) => ({
        key: data.entry,
        event: 'outcome' as const,
        data: JSON.stringify(data),
      })),
      ...audit.map((data) => ({ key: 'audit', event: 'audit' as const, data })),
      { key: 'instances', event: 'instances', data: JSON.stringify(running) },
    ];
    return found.filter(({ key, event, data }) => {
      const place = `${event} ${key}`;
      const isNew = this.#seen.get(place) !== data;
      this.#seen.set(place, data);
      return isNew;
    });
  }

  /** The newest row of each entry's history, of those that are outcomes: an outcome changes no status. */
  async #readOutcomes(): Promise<readonly (OutcomeRow & { readonly entry: string })[]> {
    const { store, settings } = this.#context;
    if (!settings().outcomes) return [];
    const newest = await Promise.all(
      this.#names.map(async (entry) => {
        const row = (await store.history?.read(entry, { limit: 1 }))?.rows[0];
        return row?.kind === 'outcome' ? { entry, ...row } : [];
      }),
    );
    return newest.flat();
  }
}
