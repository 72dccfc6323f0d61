import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { z } from 'zod';
import { decodeAudit } from '../../entries/commands/audit.ts';
import { findStatuses, listInstances } from '../../read-models/status/load-status.ts';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { loadStatusPage } from '../../read-models/status/status-page.ts';
import { findAccess } from '../access/access.ts';
import { entrySource, type HttpContext, type HttpEnv } from '../context.ts';
import { pastDayReader, sumDay, type PastDay } from '../day-counts.ts';
import { problem } from '../problem.ts';
import { readQuery, eventsQuery } from './requests.ts';

/** How often a stream looks for changes, milliseconds. */
const INTERVAL = 1_000;
/** Looks between two comments that keep an idle connection open through proxies. */
const KEEP_ALIVE = 15;
/** The most entries of one stream. */
const MAX_ENTRIES = 200;
/** Every fifth look compares the counts of the day, because a busy store changes them all the time. */
const DAY_LOOKS = 5;
/** The most streams of one instance. */
const MAX_STREAMS = 100;

interface Change {
  readonly event: 'status' | 'audit' | 'instances' | 'day';
  readonly data: string;
}

/** Streams changes. It polls the store, so that it works on followers too. */
export function eventRoutes(context: HttpContext): Hono<HttpEnv> {
  const { clock, stopped, maxStreams = MAX_STREAMS } = context;
  const routes = new Hono<HttpEnv>();
  const reads = new LiveReads(context);
  /** The names of the entries on a page, which could be too long for an address. */
  const namesOf = async ({ limit, search, after }: z.output<typeof eventsQuery>) => {
    if (limit === undefined) return [];
    const page = await loadStatusPage(entrySource(context), { search, after, limit }, clock.now());
    return page.entries.map(({ entry }) => entry);
  };
  routes.get('/events', async (c) => {
    const query = readQuery(eventsQuery, c.req.query());
    // The answer has no body, so no client would ever end the stream.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    if (reads.streams >= Math.min(maxStreams, MAX_STREAMS))
      return problem(c, { status: 503, detail: 'too many streams' });
    // The stream counts while its page is loaded, so that pages are not loaded for streams over the limit.
    const release = reads.add([]);
    const given = c.req.queries('entry') ?? [];
    const found = await namesOf(query).catch((error: unknown) => {
      release();
      throw error;
    });
    const names = [...new Set([...given, ...found])].slice(0, MAX_ENTRIES);
    const remove = reads.add(names);
    release();
    const changes = new Changes(reads, names);
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
        await changes.poll(0).catch(() => []);
        await stream.write(': open\n\n');
        for (let looks = 1; !signal.aborted; looks++) {
          await clock.sleep(INTERVAL, signal);
          if (!(await mayRead())) break;
          if (looks % KEEP_ALIVE === 0) await stream.write(': alive\n\n');
          // The page shows an outage itself; the stream continues when the store is back.
          for (const change of await changes.poll(looks).catch(() => [])) await stream.writeSSE(change);
        }
      } finally {
        remove();
      }
    });
  });
  return routes;
}

/** Compares the content of the store with what one stream has sent. */
class Changes {
  readonly #reads: LiveReads;
  readonly #names: readonly string[];
  readonly #seen = new Map<string, string>();

  constructor(reads: LiveReads, names: readonly string[]) {
    this.#reads = reads;
    this.#names = names;
  }

  /** Returns what has changed since the last look. `look` is the number of this one. */
  async poll(look: number): Promise<readonly Change[]> {
    const { rows, audit, instances, day } = await this.#reads.read();
    const found: (Change & { readonly key: string })[] = this.#names.flatMap((key) => {
      const row = rows.get(key);
      return row ? { key, event: 'status', data: JSON.stringify(row) } : [];
    });
    if (audit !== null) found.push({ key: '', event: 'audit', data: audit });
    found.push({ key: '', event: 'instances', data: instances });
    if (day && look % DAY_LOOKS === 0) found.push({ key: '', event: 'day', data: JSON.stringify(sumDay(day)) });
    return found.filter(({ key, event, data }) => {
      const place = `${event} ${key}`;
      const isNew = this.#seen.get(place) !== data;
      this.#seen.set(place, data);
      return isNew;
    });
  }
}

/** How old a snapshot may be, milliseconds: less than the time between two looks. */
const FRESH = 800;
/** Entries that one query reads. */
const CHUNK = 1_000;

/** The content of the store that streams compare. */
export interface Snapshot {
  /** The entries of all streams, by name. */
  readonly rows: ReadonlyMap<string, StatusRow>;
  /** The newest row of the audit log, as a text. */
  readonly audit: string | null;
  /** The instances as a text, without the times when they were seen. */
  readonly instances: string;
  readonly day: PastDay | null;
}

/** Reads the store for all streams at once, so that its load does not grow with the pages that are open. */
export class LiveReads {
  readonly #context: HttpContext;
  readonly #readDay: () => Promise<PastDay | null>;
  /** The entries of each stream. */
  readonly #streams = new Set<readonly string[]>();
  #snapshot: Promise<Snapshot> | null = null;
  #readAt = -Infinity;

  constructor(context: HttpContext) {
    this.#context = context;
    this.#readDay = pastDayReader(context);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Adds the entries of a stream to the next reads; returns a function that removes them. */
  add(names: readonly string[]): () => void {
    const own = [...names];
    this.#streams.add(own);
    if (own.length > 0) this.#readAt = -Infinity;
    return () => this.#streams.delete(own);
  }

  /** Reads the store, or returns a snapshot that is still fresh. Rejects with a `StoreError`. */
  read(): Promise<Snapshot> {
    const now = this.#context.clock.monotonic();
    if (!this.#snapshot || now - this.#readAt > FRESH) {
      this.#readAt = now;
      this.#snapshot = this.#readStore();
    }
    return this.#snapshot;
  }

  async #readStore(): Promise<Snapshot> {
    const { store } = this.#context;
    const [rows, [audit], instances, day] = await Promise.all([
      this.#readRows([...new Set([...this.#streams].flat())]),
      store.commands.readAudit(1),
      listInstances(store.instances),
      this.#readDay(),
    ]);
    const running = instances.map((instance) => ({ ...instance, seenAgoMs: undefined }));
    const newest = audit ? JSON.stringify(decodeAudit(audit)) : null;
    return { rows, audit: newest, instances: JSON.stringify(running), day };
  }

  async #readRows(names: readonly string[]): Promise<ReadonlyMap<string, StatusRow>> {
    const rows = new Map<string, StatusRow>();
    const now = this.#context.clock.now();
    for (let from = 0; from < names.length; from += CHUNK) {
      const chunk = names.slice(from, from + CHUNK);
      for (const row of await findStatuses(entrySource(this.#context), chunk, now)) rows.set(row.entry, row);
    }
    return rows;
  }
}
