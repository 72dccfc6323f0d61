import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openState } from '../src/drivers/open-store.ts';
import type { Change } from '../src/contracts/store/commit.ts';
import type { Store } from '../src/contracts/store/store.ts';
import { storeOptions } from '../test/contract/test-store.ts';
import { NEW_STATE } from '../test/support/change.ts';
import { RedisServer } from '../test/support/redis.ts';
import type { SqlServer } from '../test/support/sql-server.ts';
import { SQL_PRODUCTS } from '../test/support/sql-servers.ts';
import { measureSearch } from './search-entries.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Bench, type Row } from './table.ts';

/** Entries that are due in the next minute, which one page reads. */
const DUE = 1_000;
/** How much longer the page may take among many entries than among those alone. */
const WANTED_RATIO = 2;
const MINUTE = 60_000;
const ROUNDS = 21;

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

/** Reading what is due in the next minute, among the entries due in that minute alone and among a million; searching them. */
export const storedEntries: Bench = async ({ quick }) => {
  const many = quick ? 100_000 : 1_000_000;
  const path = join(mkdtempSync(join(tmpdir(), 'beat-bench-')), 'beat.sqlite');
  await using redis = await RedisServer.start();
  const servers: Server[] = [
    { name: 'Redis', url: redis.url(), size: async () => usedMemory(await redis.client.info()) },
    { name: 'SQLite', url: `sqla+sqlite:///${path}`, size: async () => fileSize(path) },
  ];
  await using stack = new AsyncDisposableStack();
  for (const { name, missing, start } of SQL_PRODUCTS) {
    if (missing) continue;
    const server = stack.use(await start());
    servers.push({ name: server.name, url: server.url(), size: () => tableSize(server, name) });
  }
  const rows: Row[] = [];
  for (const server of servers) rows.push(...(await makeRows(server, many)));
  rmSync(join(path, '..'), { recursive: true });
  return rows;
};

async function makeRows({ name, url, size }: Server, many: number): Promise<Row[]> {
  const store = await openState(storeOptions(url));
  const token = await store.ledger.beginTerm();
  const now = Date.now();
  await add(store, token, 0, DUE, (i) => now + (i * MINUTE) / DUE);
  const few = await measurePage(store, now);
  const before = await size();
  const started = performance.now();
  await add(store, token, DUE, many, (i) => now + 2 * MINUTE + i * 100);
  const seconds = (performance.now() - started) / 1_000;
  const bytes = ((await size()) - before) / (many - DUE);
  const more = await measurePage(store, now);
  const search = await measureSearch(store, { name, many });
  await store.close();
  const show = (value: number) => `${value.toFixed(1)} ms`;
  // The shortest times vary least on a busy machine.
  const ratio = more.least / few.least;
  return [
    {
      bench: 'stored',
      what: `${name}, ${count(DUE)} due of ${count(DUE)}`,
      figure: show(few.median),
      behind: spread(few, show),
    },
    {
      bench: 'stored',
      what: `${name}, ${count(DUE)} due of ${count(many)}`,
      figure: show(more.median),
      behind: spread(more, show),
      wanted: atMost(WANTED_RATIO, ratio, (value) => `${value.toFixed(1)} times`),
    },
    {
      bench: 'stored',
      what: `${name}, an entry`,
      figure: `${count(bytes)} B`,
      behind: `${count((many - DUE) / seconds)} added per second`,
    },
    ...search,
  ];
}

async function measurePage({ entries }: Store, now: number) {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    const page = await entries!.page({ limit: DUE, dueBy: now + MINUTE });
    times.push(performance.now() - started);
    if (page.length !== DUE) throw new Error(`${page.length} entries are due, not ${DUE}`);
  }
  return summarize(times);
}

/** Adds entries that are due one after another from tomorrow on. */
export async function addStored(store: Store, entries: number): Promise<void> {
  const from = Date.now() + 1_440 * MINUTE;
  await add(store, await store.ledger.beginTerm(), 0, entries, (i) => from + i * 100);
}

async function add(
  { ledger }: Store,
  token: number,
  from: number,
  to: number,
  dueAt: (i: number) => number,
): Promise<void> {
  for (let i = from; i < to; i += DUE) {
    const changes = Array.from({ length: DUE }, (_, k) => adding(i + k, dueAt(i + k)));
    const outcome = await ledger.commit({ token, changes });
    if (outcome.kind !== 'committed') throw new Error(`a commit was answered ${outcome.kind}`);
  }
}

function adding(i: number, dueAt: number): Change {
  const definition = JSON.stringify({ task: 'app.tasks.remind', schedule: 86_400, args: [i] });
  const stored = { dueAt, definition };
  return { entry: `reminder ${i}`, before: null, after: NEW_STATE, messages: [], stored };
}

/** Includes the pages that are still in the journal. */
function fileSize(path: string): number {
  using db = new DatabaseSync(path);
  const size = db.prepare('SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size');
  return size.get()!['size'] as number;
}

async function tableSize(server: SqlServer, product: string): Promise<number> {
  const [row] = await server.query(SIZES[product]!);
  return Number(row!['size']);
}

function usedMemory(info: string): number {
  return Number(/^used_memory:(\d+)/m.exec(info)![1]);
}
