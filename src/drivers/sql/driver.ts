import type { OpenConsumer } from '../../contracts/broker/consumer.ts';
import type { OpenMailbox } from '../../contracts/broker/mailbox.ts';
import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { ReadTables, TextRow } from '../../contracts/store/import-source.ts';
import type { OpenResultReader, OpenTaskResults } from '../../contracts/store/results.ts';
import type { StateDriver } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';
import { systemClock } from '../../util/system-clock.ts';
import { createPollingConsumer } from '../polling/polling-consumer.ts';
import { createPollingMailbox } from '../polling/polling-mailbox.ts';
import { createPolledQueues } from './consumer.ts';
import { Database, type Transaction } from './database.ts';
import type { DatabaseUse, SqlProduct } from './dialect.ts';
import { createResultReader, createTaskResults } from './results.ts';
import type { Statements } from './statements.ts';
import { openSqlStore } from './store.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;
const IMPORT_TIMEOUT = 15_000;

export interface SqlDriver {
  readonly stateDriver: StateDriver;
  readonly openConsumer: OpenConsumer;
  readonly openMailbox: OpenMailbox;
  readonly openResultReader: OpenResultReader;
  readonly openTaskResults: OpenTaskResults;
  readonly readTables: ReadTables;
}

export function createSqlDriver(product: SqlProduct): SqlDriver {
  /** Throws a `ConfigError` for an invalid URL. */
  const open = (name: string, use: DatabaseUse, server: ServerUrl, clock: Clock, timeout: number = TIMEOUT) => {
    const dialect = product.createDialect(server, timeout, clock, use);
    const { sql } = dialect;
    const changes = {
      store: {},
      results: { schema: product.resultTables, workerIndexes: [] },
      reading: { sql: { ...sql, begin: sql.beginReadOnly } },
    }[use];
    return new Database({ ...dialect, ...changes }, name, timeout, clock);
  };

  return {
    stateDriver: { open: (options) => openSqlStore(options, product), normalize: product.normalize },

    openConsumer({ server, from, transport, clock }) {
      const db = open('beat-worker', 'store', server, clock, transport.socketTimeout ?? TIMEOUT);
      return createPollingConsumer(createPolledQueues(db, from), clock);
    },

    openMailbox({ server, transport, exchange, clock }) {
      const db = open('beat-mailbox', 'store', server, clock, transport.socketTimeout ?? TIMEOUT);
      const read = async (name: string, maxAge: number) => {
        const rows = await db.read('mailbox.read', db.sql.readBroadcasts(name, maxAge));
        return rows.map(({ id, payload }) => ({ id: String(id), payload: String(payload) }));
      };
      return createPollingMailbox({ read, close: () => db.close() }, exchange, clock);
    },

    openResultReader: (server, _settings, clock) => createResultReader(open('beat-outcomes', 'reading', server, clock)),

    openTaskResults: (server, { extended }, clock) =>
      createTaskResults(open('beat-worker-results', 'results', server, clock), extended),

    async readTables(server, names) {
      const db = open('beat-import', 'reading', server, systemClock, IMPORT_TIMEOUT);
      try {
        return await db.transaction('import', (tx) => readTables(tx, db.sql, names));
      } finally {
        await db.close();
      }
    },
  };
}

async function readTables(tx: Transaction, sql: Statements, names: readonly string[]) {
  const tables = new Map<string, readonly TextRow[]>();
  for (const name of names) {
    const columns = (await tx.run(sql.listColumns(name))).rows.map((column) => String(column['name']));
    if (columns.length === 0) continue;
    tables.set(name, (await tx.run(sql.readAsText(name, columns))).rows as readonly TextRow[]);
  }
  return tables;
}
