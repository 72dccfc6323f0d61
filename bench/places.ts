import type { Options } from 'amqplib';
import { createConnection } from 'mysql2/promise';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { Folder } from '../test/support/folder.ts';
import { RabbitServer } from '../test/support/rabbitmq.ts';
import { RedisServer } from '../test/support/redis.ts';
import { findService } from '../test/support/services.ts';
import type { SqlServer } from '../test/support/sql-server.ts';
import { SQL_PRODUCTS } from '../test/support/sql-servers.ts';

/** The queue of the places. */
export const QUEUE = 'size';

/** A broker with the store of an instance. */
export interface Place {
  readonly name: string;
  readonly brokerUrl: string;
  readonly stateUrl?: string;
  /** Bytes of what beat stores, without messages in queues. */
  readonly size: () => Promise<number>;
  readonly countMessages: () => Promise<number>;
  readonly deleteMessages: () => Promise<unknown>;
  /** The messages in the queue, as the server stores them. */
  readonly readPayloads?: () => Promise<readonly string[]>;
  /**
   * Puts such messages into the queue by the client library alone, without states, history, fence or outbox: in
   * batches of beat's size, each of them on the disk or confirmed before the next.
   */
  readonly publishPlain?: (payloads: readonly string[]) => Promise<void>;
  /** Bytes of all that the server stores, where messages are part of it. */
  readonly used?: () => Promise<number>;
}

export type Open = (stack: AsyncDisposableStack) => Promise<Place | null>;

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
  const plain = await Promise.all(Array.from({ length: AT_ONCE }, () => server.admin.createConfirmChannel()));
  let properties: Options.Publish = {};
  return {
    name: 'RabbitMQ, state in Redis',
    brokerUrl: server.url(),
    stateUrl: url,
    size: () => usedMemory(client),
    countMessages: async () => (await channel.checkQueue(QUEUE)).messageCount,
    deleteMessages: () => channel.purgeQueue(QUEUE),
    readPayloads: async () => {
      const found: string[] = [];
      for (let got = await channel.get(QUEUE, { noAck: true }); got; got = await channel.get(QUEUE, { noAck: true })) {
        ({ properties } = got);
        found.push(got.content.toString());
      }
      return found;
    },
    publishPlain: (payloads) =>
      inBatches(
        payloads,
        plain.map((own) => async (batch) => {
          for (const payload of batch) own.sendToQueue(QUEUE, Buffer.from(payload), properties);
          await own.waitForConfirms();
        }),
      ),
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

/** Opens a connection, and returns how to insert messages over it in one transaction. */
type OpenInsert = (
  url: string,
  stack: AsyncDisposableStack,
) => Promise<(queue: number, payloads: readonly string[]) => Promise<unknown>>;

const SQL_INSERTS: Readonly<Record<string, OpenInsert>> = {
  async postgresql(url, stack) {
    const client = new pg.Client({ connectionString: url.replace('sqla+', '') });
    await client.connect();
    stack.defer(() => client.end());
    const text = `INSERT INTO kombu_message (id, visible, payload, version, queue_id)
      SELECT nextval('message_id_sequence'), true, payload, 1, $1 FROM unnest($2::text[]) AS payload`;
    return (queue, payloads) => client.query({ name: 'insert', text, values: [queue, payloads] });
  },
  async mysql(url, stack) {
    const client = await createConnection(url.replace('sqla+', ''));
    stack.defer(() => client.end());
    const row = '(NEXTVAL(message_id_sequence), 1, ?, 1, ?)';
    return (queue, payloads) => {
      const text = `INSERT INTO kombu_message (id, visible, payload, version, queue_id) VALUES ${payloads.map(() => row).join()}`;
      return client.query(
        text,
        payloads.flatMap((payload) => [payload, queue]),
      );
    };
  },
};

function openSql({ name, missing, start }: (typeof SQL_PRODUCTS)[number]): Open {
  return async (stack) => {
    if (missing) return null;
    const server: SqlServer = stack.use(await start());
    const { name: title, compact, size: query } = SQL_SIZES[name]!;
    const readNumber = async (text: string) => Number(Object.values((await server.query(text))[0]!)[0] ?? 0);
    const plain = await Promise.all(Array.from({ length: AT_ONCE }, () => SQL_INSERTS[name]!(server.url(), stack)));
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
      readPayloads: () => server.readPayloads(QUEUE),
      publishPlain: async (payloads) => {
        const queue = await readNumber(`SELECT id FROM kombu_queue WHERE name = '${QUEUE}'`);
        const publishers = plain.map((insert) => (batch: readonly string[]) => insert(queue, batch));
        await inBatches(payloads, publishers);
      },
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
    readPayloads: async () => {
      using db = new DatabaseSync(path, { timeout: 5_000 });
      return db
        .prepare('SELECT payload FROM kombu_message ORDER BY id')
        .all()
        .map(({ payload }) => String(payload));
    },
    publishPlain: async (payloads) => {
      using db = new DatabaseSync(path, { timeout: 5_000 });
      db.exec('PRAGMA synchronous = FULL');
      const queue = query(`SELECT id FROM kombu_queue WHERE name = '${QUEUE}'`)[0]!;
      const insert = db.prepare('INSERT INTO kombu_message (visible, payload, version, queue_id) VALUES (1, ?, 1, ?)');
      await inBatches(payloads, [
        async (batch) => {
          db.exec('BEGIN IMMEDIATE');
          for (const payload of batch) insert.run(payload, queue);
          db.exec('COMMIT');
        },
      ]);
    },
  };
};

async function startRedis(stack: AsyncDisposableStack): Promise<{ client: RedisServer['client']; url: string }> {
  const server = stack.use(await RedisServer.start());
  return { client: server.client, url: server.url() };
}

async function usedMemory(client: RedisServer['client']): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))![1]);
}

/** Opens every place whose server is installed. */
export const PLACES: readonly Open[] = [openRedis, openRabbit, ...SQL_PRODUCTS.map(openSql), openSqlite];

/** Messages of a transaction of beat, and transactions at once on a server. */
const BATCH = 500;
const AT_ONCE = 2;

/** Calls `publish` with batches, `atOnce` of them at a time. */
async function inBatches(
  payloads: readonly string[],
  publishers: readonly ((batch: readonly string[]) => Promise<unknown>)[],
): Promise<void> {
  let from = 0;
  const work = async (publish: (batch: readonly string[]) => Promise<unknown>) => {
    while (from < payloads.length) {
      const batch = payloads.slice(from, from + BATCH);
      from += BATCH;
      await publish(batch);
    }
  };
  await Promise.all(publishers.map(work));
}
