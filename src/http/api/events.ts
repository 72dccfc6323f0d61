import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { findStatuses, listInstances } from '../../read-models/status/load-status.ts';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { loadStatusPage, type StatusQuery } from '../../read-models/status/status-page.ts';
import { reuse } from '../../util/wait.ts';
import { findAccess } from '../access/access.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { pastDayReader, sumDay } from '../day-counts.ts';
import { problem } from '../problem.ts';

/** How often a stream looks for changes, milliseconds. */
const INTERVAL = 1_000;
/** Looks between two comments that keep an idle connection open through proxies. */
const KEEP_ALIVE = 15;
const MAX_ENTRIES = 200;
/** Every fifth look compares the counts of the day, because a busy store changes them all the time. */
const DAY_LOOKS = 5;
/** The most streams of one instance. */
const MAX_STREAMS = 100;

/** The page of entries that a stream shows; none without a limit. */
type StreamQuery = Omit<StatusQuery, 'limit'> & { readonly limit?: number | undefined };

/** Streams changes. It polls the store, so that it works on followers too. */
export async function streamEvents(
  c: Context<HttpEnv>,
  context: HttpContext,
  reads: LiveReads,
  query: StreamQuery,
): Promise<Response> {
  const { clock, stopped, maxStreams = MAX_STREAMS } = context;
  // The answer has no body, so no client would ever end the stream.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
  if (reads.streams >= Math.min(maxStreams, MAX_STREAMS))
    return problem(c, { status: 503, detail: 'too many streams' });
  // The stream counts while its page is loaded, so that pages are not loaded for streams over the limit.
  const release = reads.add([]);
  const found = await findNames(context, query).catch((error: unknown) => {
    release();
    throw error;
  });
  const names = [...new Set([...(c.req.queries('entry') ?? []), ...found])].slice(0, MAX_ENTRIES);
  const remove = reads.add(names);
  release();
  const poll = watchChanges(reads, names);
  // The session may have ended, and a reload may have replaced the tokens.
  const mayRead = async () => {
    c.set('http', context.settings().http!);
    return (await findAccess(c, clock.now())).permission !== null;
  };
  return streamSSE(c, async (stream) => {
    const ended = new AbortController();
    stream.onAbort(() => ended.abort());
    const signal = AbortSignal.any([stopped, ended.signal]);
    try {
      await poll(0).catch(() => []);
      // A page that was rendered before this read lacks the changes since.
      await stream.writeSSE({ event: 'ready', data: '{}' });
      for (let looks = 1; !signal.aborted; looks++) {
        await clock.sleep(INTERVAL, signal);
        if (!(await mayRead())) break;
        if (looks % KEEP_ALIVE === 0) await stream.write(': alive\n\n');
        // The page shows an outage itself; the stream continues when the store is back.
        for (const change of await poll(looks).catch(() => [])) await stream.writeSSE(change);
      }
    } finally {
      remove();
    }
  });
}

/** The names of the entries on a page, which could be too long for an address. */
async function findNames(context: HttpContext, { limit, search, after }: StreamQuery): Promise<readonly string[]> {
  if (limit === undefined) return [];
  const page = await loadStatusPage(entrySource(context), { search, after, limit }, context.clock.now());
  return page.entries.map(({ entry }) => entry);
}

interface Change {
  readonly event: 'status' | 'audit' | 'instances' | 'day';
  readonly data: string;
}

/** Returns a function that resolves with the changes since its last call; `look` is the number of the call. */
function watchChanges(reads: LiveReads, names: readonly string[]): (look: number) => Promise<readonly Change[]> {
  const keys = [...names.map(statusKey), 'audit', 'instances', 'day'];
  const seen = new Map<string, string>();
  return async (look) => {
    const snapshot = await reads.read();
    return keys.flatMap((key) => {
      const found = snapshot.get(key);
      if (!found || seen.get(key) === found.data) return [];
      if (found.event === 'day' && look % DAY_LOOKS !== 0) return [];
      seen.set(key, found.data);
      return found;
    });
  };
}

const statusKey = (name: string) => `status ${name}`;

/** How old a snapshot may be, milliseconds: less than the time between two looks. */
const FRESH = 800;
const CHUNK = 1_000;

export type LiveReads = ReturnType<typeof liveReads>;

/** Reads the store for all streams at once, so that its load does not grow with the pages that are open. */
export function liveReads(context: HttpContext) {
  const { store, clock } = context;
  const readDay = pastDayReader(context);
  const streams = new Set<readonly string[]>();
  const readRows = async () => {
    const names = [...new Set([...streams].flat())];
    const rows: StatusRow[] = [];
    const now = clock.now();
    for (let from = 0; from < names.length; from += CHUNK) {
      rows.push(...(await findStatuses(entrySource(context), names.slice(from, from + CHUNK), now)));
    }
    return rows;
  };
  const readStore = async () => {
    const [rows, [audit], instances, day] = await Promise.all([
      readRows(),
      store.commands.readAudit(1),
      listInstances(store.instances),
      readDay(),
    ]);
    const snapshot = new Map<string, Change>();
    const add = (event: Change['event'], content: object, key: string = event) =>
      void snapshot.set(key, { event, data: JSON.stringify(content) });
    for (const row of rows) add('status', row, statusKey(row.entry));
    if (audit) add('audit', decodeAudit(audit));
    // Without the times when they were seen, which change all the time.
    const running = instances.map((instance) => ({ ...instance, seenAgoMs: undefined }));
    add('instances', running);
    if (day) add('day', sumDay(day));
    return snapshot;
  };
  let read = reuse(readStore, FRESH, clock);
  return {
    get streams() {
      return streams.size;
    },
    /** Adds the entries of a stream to the next reads; returns a function that removes them. */
    add(names: readonly string[]): () => void {
      const own = [...names];
      streams.add(own);
      // A snapshot from before does not have these entries.
      if (own.length > 0) read = reuse(readStore, FRESH, clock);
      return () => void streams.delete(own);
    },
    /** Reads what all streams show, or returns a snapshot that is still fresh. Rejects with a `StoreError`. */
    read: () => read(),
  };
}
