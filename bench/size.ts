import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Folder } from '../test/support/folder.ts';
import { RabbitServer } from '../test/support/rabbitmq.ts';
import { RedisServer } from '../test/support/redis.ts';
import { findService } from '../test/support/services.ts';
import type { SqlServer } from '../test/support/sql-server.ts';
import { SQL_PRODUCTS } from '../test/support/sql-servers.ts';
import { BurstBeat } from './burst-beat.ts';
import { descendantsTime } from './processor-time.ts';
import { count, spread, summarize } from './stats.ts';
import type { Bench, Row } from './table.ts';

const QUEUE = 'size';
/** More than any entry runs here, so that no row is removed. */
const HISTORY_LIMIT = 10_000;
const RUNS_OF_A_DAY = 1_440;
/** The bursts before the history is measured: by then, states have their final size. */
const FIRST = 2;
const POLL_INTERVAL = 5;

/** A broker with the store of an instance. */
interface Place {
  readonly name: string;
  readonly brokerUrl: string;
  readonly stateUrl?: string;
  /** Bytes of what beat stores, without messages in queues. */
  readonly size: () => Promise<number>;
  readonly countMessages: () => Promise<number>;
  readonly deleteMessages: () => Promise<unknown>;
  /** Bytes of all that the server stores, where messages are part of it. */
  readonly used?: () => Promise<number>;
}

/** What one leader publishes a second with each store, and the bytes that an entry and a run take in it. */
export const size: Bench = async ({ quick }) => {
  const entries = quick ? 1_000 : 10_000;
  const bursts = quick ? 8 : 14;
  await using stack = new AsyncDisposableStack();
  const rows: Row[] = [];
  for (const open of [openRedis, openRabbit, ...SQL_PRODUCTS.map(openSql), openSqlite]) {
    const place = await open(stack);
    if (place) rows.push(...(await measure(place, entries, bursts)));
  }
  return rows;
};

async function measure(place: Place, entries: number, bursts: number): Promise<Row[]> {
  const empty = await place.size();
  const { brokerUrl, stateUrl } = place;
  const settings = { history: { limit: HISTORY_LIMIT }, ...(stateUrl !== undefined && { stateUrl }) };
  await using beat = await BurstBeat.start(brokerUrl, QUEUE, entries, settings);
  const perEntry = ((await place.size()) - empty) / entries;
  const rates: number[] = [];
  const costs: number[] = [];
  const shares: number[] = [];
  const servers: number[] = [];
  let perMessage: number | null = null;
  let before = NaN;
  for (let i = 1; i <= bursts; i++) {
    const serversBefore = descendantsTime();
    const [processor, started] = [process.cpuUsage(), performance.now()];
    await beat.burst();
    // An outbox publishes after the commit.
    while ((await place.countMessages()) < entries) await delay(POLL_INTERVAL);
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(processor);
    const used = (user + system) / 1e6;
    const usedByServers = descendantsTime() - serversBefore;
    const full = (await place.used?.()) ?? NaN;
    await place.deleteMessages();
    if (i === FIRST) before = await place.size();
    if (i <= FIRST) continue;
    rates.push(entries / seconds);
    costs.push((1e6 * used) / entries);
    shares.push((100 * used) / seconds);
    servers.push((1e6 * usedByServers) / entries);
    if (place.used) perMessage = (full - (await place.used())) / entries;
  }
  const perRun = ((await place.size()) - before) / (entries * (bursts - FIRST));
  const rate = summarize(rates);
  const cost = summarize(costs).median.toFixed(0);
  const row = (what: string, figure: string, behind = ''): Row => {
    return { bench: 'size', what: `${place.name}: ${what}`, figure, behind };
  };
  return [
    row(
      `${count(entries)} runs due at once`,
      `${count(rate.median)} runs/s`,
      `${spread(rate)}; ${cost} µs of a processor each in beat and ${summarize(servers).median.toFixed(0)} µs in its servers; beat used ${count(summarize(shares).median)} % of a core`,
    ),
    row('an entry', `${count(perEntry)} B`, 'its state before the first run'),
    row('a run in the history', `${count(perRun)} B`),
    row('a day of an entry that runs each minute', `${count((RUNS_OF_A_DAY * perRun) / 1_024)} KB`, 'of history'),
    ...(perMessage === null ? [] : [row('a message in the queue', `${count(perMessage)} B`)]),
  ];
}

type Open = (stack: AsyncDisposableStack) => Promise<Place | null>;

const openRedis: Open = async (stack) => {
  const { client, url } = await startRedis(stack);
  return {
    name: 'Redis',
    brokerUrl: url,
    size: () => usedMemory(client),
    countMessages: () => client.llen(QUEUE),
    deleteMessages: () => client.del(QUEUE),
    used: () => usedMemory(client),
  };
};

const openRabbit: Open = async (stack) => {
  if (findService('rabbitmq-server').path === null) return null;
  const { client, url } = await startRedis(stack);
  const server = stack.use(await RabbitServer.start());
  const channel = await server.admin.createChannel();
  return {
    name: 'RabbitMQ, state in Redis',
    brokerUrl: server.url(),
    stateUrl: url,
    size: () => usedMemory(client),
    countMessages: async () => (await channel.checkQueue(QUEUE)).messageCount,
    deleteMessages: () => channel.purgeQueue(QUEUE),
  };
};

/** Queries for the bytes of beat's tables, after statements that remove what deleted rows leave there. */
const SQL_SIZES: Readonly<Record<string, { readonly name: string; readonly compact: string; readonly size: string }>> =
  {
    postgresql: {
      name: 'PostgreSQL',
      compact: 'VACUUM FULL',
      size: `SELECT sum(pg_total_relation_size(oid)) AS size FROM pg_class WHERE relkind = 'r' AND relname LIKE 'beat%'`,
    },
    mysql: {
      name: 'MariaDB',
      compact: 'OPTIMIZE TABLE',
      size: `SELECT sum(file_size) AS size FROM information_schema.innodb_sys_tablespaces WHERE name LIKE 'celery/beat%'`,
    },
  };

function openSql({ name, missing, start }: (typeof SQL_PRODUCTS)[number]): Open {
  return async (stack) => {
    if (missing) return null;
    const server: SqlServer = stack.use(await start());
    const { name: title, compact, size: query } = SQL_SIZES[name]!;
    const readNumber = async (text: string) => Number(Object.values((await server.query(text))[0]!)[0] ?? 0);
    return {
      name: title,
      brokerUrl: server.url(),
      size: async () => {
        const tables = await server.query(`SELECT table_name AS name FROM information_schema.tables
          WHERE table_name LIKE 'beat%'`);
        for (const table of tables) await server.query(`${compact} ${String(table['name'])}`);
        return readNumber(query);
      },
      countMessages: () => readNumber('SELECT count(*) FROM kombu_message'),
      deleteMessages: () => server.query('DELETE FROM kombu_message'),
    };
  };
}

const openSqlite: Open = async (stack) => {
  const path = join(stack.use(new Folder()).path, 'beat.sqlite');
  const query = (text: string) => {
    using db = new DatabaseSync(path, { timeout: 5_000 });
    return Object.values(db.prepare(text).get() ?? {}).map(Number);
  };
  return {
    name: 'SQLite',
    brokerUrl: `sqla+sqlite:///${path}`,
    size: async () => {
      const [pages, free, bytes] = ['page_count', 'freelist_count', 'page_size'].map(
        (name) => query(`PRAGMA ${name}`)[0]!,
      );
      return (pages! - free!) * bytes!;
    },
    countMessages: async () => query('SELECT count(*) FROM kombu_message')[0]!,
    deleteMessages: async () => query('DELETE FROM kombu_message'),
  };
};

async function startRedis(stack: AsyncDisposableStack): Promise<{ client: RedisServer['client']; url: string }> {
  const server = stack.use(await RedisServer.start());
  return { client: server.client, url: server.url() };
}

async function usedMemory(client: RedisServer['client']): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))![1]);
}
