import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type BeatClient } from '../src/client/client.ts';
import { openState } from '../src/drivers/open-store.ts';
import type { Change } from '../src/contracts/store/commit.ts';
import type { StateStore, Store } from '../src/contracts/store/store.ts';
import { storeOptions } from '../test/contract/test-store.ts';
import { NEW_STATE } from '../test/support/change.ts';
import { freePort, RedisServer } from '../test/support/redis.ts';
import type { SqlServer } from '../test/support/sql-server.ts';
import { SQL_PRODUCTS } from '../test/support/sql-servers.ts';
import { Command } from './command.ts';
import { measureSearch } from './search-entries.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

/** Entries that are due each second. */
const DUE = 1_000;
/** The most entries that are due in turns; all others are due next year. */
const MAX_TURNS = 100_000;
/** Definitions in one command, and commands under way. */
const CHUNK = 1_000;
const UNDER_WAY = 4;
const ROUNDS = 21;
/** How long the leader publishes before its memory is read. Milliseconds. */
const BUSY = 20_000;
const MINUTE = 60_000;

/** Seconds, megabytes and milliseconds. */
const WANTED = { start: 2, memory: 150, add: 60, update: 100, page: 200 };

interface Server {
  readonly name: string;
  readonly url: string;
  /** Bytes in use. */
  readonly size: () => Promise<number>;
}

/** Queries for the bytes that stored entries take. */
const SIZES: Readonly<Record<string, string>> = {
  postgresql: `SELECT pg_total_relation_size('beat_entry') AS size`,
  mysql: `SELECT file_size AS size FROM information_schema.innodb_sys_tablespaces
    WHERE name = 'celery/beat_entry'`,
};

/**
 * A leader with very many stored entries: adding them through the client, changing one, searching them, and a start, while
 * a thousand are due each second. `BENCH_ENTRIES=10000000` measures other numbers, `BENCH_STORES=redis,sqlite` fewer stores.
 */
export const storedEntries: Bench = async ({ quick }) => {
  const sizes = (process.env['BENCH_ENTRIES'] ?? (quick ? '10000' : '10000,100000,1000000')).split(',').map(Number);
  const only = process.env['BENCH_STORES']?.split(',');
  const rows: Row[] = [];
  for (const [name, open] of Object.entries(STORES)) {
    if (only && !only.includes(name)) continue;
    const figures: Figures[] = [];
    for (const entries of sizes) {
      try {
        figures.push(await measure(open, entries));
      } catch (error) {
        const what = `${name}, ${count(entries)} entries`;
        rows.push({ bench: 'stored', what, figure: 'failed', behind: String(error) });
      }
    }
    rows.push(...figures.flatMap((each) => makeRows(name, each, figures[0]!)));
  }
  return rows;
};

type Open = (stack: AsyncDisposableStack) => Promise<Server | null>;

const STORES: Readonly<Record<string, Open>> = {
  redis: async (stack) => {
    const redis = stack.use(await RedisServer.start());
    return { name: 'Redis', url: redis.url(), size: async () => usedMemory(await redis.client.info()) };
  },
  sqlite: (stack) => {
    const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'beat.sqlite');
    return Promise.resolve({ name: 'SQLite', url: `sqla+sqlite:///${path}`, size: () => fileSize(path) });
  },
  ...Object.fromEntries(SQL_PRODUCTS.map(({ name, missing, start }) => [name, openSql(name, missing, start)])),
};

function openSql(name: string, missing: string | false, start: () => Promise<SqlServer>): Open {
  return async (stack) => {
    if (missing) return null;
    const server = stack.use(await start());
    return { name: server.name, url: server.url(), size: () => tableSize(server, name) };
  };
}

interface Figures {
  readonly entries: number;
  readonly values: readonly (readonly [what: string, values: readonly number[], unit: Unit, wanted?: number])[];
  readonly search: readonly Row[];
}

type Unit = 's' | 'ms' | 'MB' | 'B' | 'runs';

/** Measures one store with a leader in a process of its own, whose queues are in a Redis of its own. */
async function measure(open: Open, entries: number): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const server = await open(stack);
  if (!server) throw new Error('the server is not installed');
  const broker = stack.use(await RedisServer.start());
  const folder = mkdtempSync(join(tmpdir(), 'beat-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'beat.config.json');
  const port = await freePort();
  writeFileSync(config, JSON.stringify({ stateUrl: server.url, http: { port } }));

  const adding = await Command.start(config, broker.url());
  stack.defer(() => adding.stop());
  const before = await server.size();
  const client = stack.use(await connect({ brokerUrl: broker.url(), stateUrl: server.url }, { wait: MINUTE }));
  const added = await timed(() => addAll(client, entries));
  const bytes = ((await server.size()) - before) / entries;
  const addingMemory = adding.usage()?.most ?? NaN;
  await adding.stop();
  await broker.client.del('celery');

  const store = await openState({ ...storeOptions(server.url) });
  stack.defer(() => store.close());
  const page = await measurePage(store);
  const search = await measureSearch(store, { name: server.name, many: entries });

  const leading = await Command.start(config, broker.url());
  stack.defer(() => leading.stop());
  const sent = await broker.client.llen('celery');
  const busy = performance.now();
  const origin = `http://127.0.0.1:${port}/`;
  const first = await timed(() => get(origin));
  const update: number[] = [];
  const pages: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pages.push(await timed(() => get(origin)));
    const name = nameOf(Math.floor((round / ROUNDS) * entries));
    update.push(await timed(() => client.update(name, { description: `changed ${round}` })));
  }
  await delay(Math.max(0, BUSY - (performance.now() - busy)));
  const runs = ((await broker.client.llen('celery')) - sent) / ((performance.now() - busy) / 1_000);
  const usage = leading.usage();
  return {
    entries,
    values: [
      ['added through the client', [added / 1_000], 's', WANTED.add],
      ['resident while they are added, at most', [addingMemory], 'MB'],
      ['start', [leading.seconds], 's', WANTED.start],
      [`resident, ${count(DUE)} due each second`, [usage?.now ?? NaN], 'MB', WANTED.memory],
      ['the same at most', [usage?.most ?? NaN], 'MB'],
      ['runs published each second', [runs], 'runs'],
      ['one is changed', update, 'ms', WANTED.update],
      ['first page just after the start', [first], 'ms'],
      ['first page', pages, 'ms', WANTED.page],
      ['reading those due in a minute', page, 'ms'],
      ['an entry in the store', [bytes], 'B'],
    ],
    search,
  };
}

function makeRows(name: string, { entries, values, search }: Figures, least: Figures): Row[] {
  const rows = values.map(([what, all, unit, wanted], i): Row => {
    const summary = summarize(all);
    const show = (value: number) => `${value < 10 ? value.toFixed(2) : count(value)} ${unit}`;
    const growth = summary.median / summarize(least.values[i]![1]).median;
    const times = least.entries === entries ? '' : `, ${growth.toFixed(1)} times that of ${count(least.entries)}`;
    return {
      bench: 'stored',
      what: `${name}, ${count(entries)} entries: ${what}`,
      figure: show(summary.median),
      behind: spread(summary, show) + times,
      ...(wanted !== undefined && { wanted: atMost(wanted, summary.median, show) }),
    };
  });
  return [...rows, ...search];
}

function nameOf(i: number): string {
  return `reminder ${i}`;
}

/** Adds entries of which a thousand are due each second, and others that are due next year. */
async function addAll(client: BeatClient, entries: number): Promise<void> {
  const turns = Math.min(entries, MAX_TURNS);
  const seconds = turns / DUE;
  const define = (i: number) => {
    const args = [i];
    if (i >= turns) return { task: 'app.tasks.remind', schedule: { cron: '0 0 1 1 *' }, args };
    return { task: 'app.tasks.remind', schedule: seconds, offset: i % seconds, args };
  };
  let next = 0;
  const send = async () => {
    while (next < entries) {
      const from = next;
      next += CHUNK;
      const names = Array.from({ length: Math.min(CHUNK, entries - from) }, (_, k) => from + k);
      await client.addAll(Object.fromEntries(names.map((i) => [nameOf(i), define(i)])));
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, send));
}

async function measurePage({ entries }: StateStore): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(await timed(() => entries.page({ limit: DUE, dueBy: Date.now() + MINUTE })));
  }
  return times;
}

/** Adds entries that are due one after another from tomorrow on. */
export async function addStored({ ledger }: Store, entries: number): Promise<void> {
  const from = Date.now() + 1_440 * MINUTE;
  const token = await ledger.beginTerm();
  for (let i = 0; i < entries; i += CHUNK) {
    const changes = Array.from({ length: CHUNK }, (_, k) => adding(i + k, from + (i + k) * 100));
    const outcome = await ledger.commit({ token, changes });
    if (outcome.kind !== 'committed') throw new Error(`a commit was answered ${outcome.kind}`);
  }
}

function adding(i: number, dueAt: number): Change {
  const definition = JSON.stringify({ task: 'app.tasks.remind', schedule: 86_400, args: [i] });
  const stored = { dueAt, definition };
  return { entry: nameOf(i), before: null, after: NEW_STATE, messages: [], stored };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

async function get(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await response.text();
}

/** Includes the pages that are still in the journal. */
function fileSize(path: string): Promise<number> {
  using db = new DatabaseSync(path);
  const size = db.prepare('SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size');
  return Promise.resolve(size.get()!['size'] as number);
}

async function tableSize(server: SqlServer, product: string): Promise<number> {
  const [row] = await server.query(SIZES[product]!);
  return Number(row?.['size'] ?? 0);
}

function usedMemory(info: string): number {
  return Number(/^used_memory:(\d+)/m.exec(info)![1]);
}
