import type { OpenConsumer } from '../../contracts/broker/consumer.ts';
import type { OpenMailbox } from '../../contracts/broker/mailbox.ts';
import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { ReadTables } from '../../contracts/store/import-source.ts';
import type { OpenResultReader } from '../../contracts/store/result-reader.ts';
import type { StateDriver } from '../../contracts/store/store.ts';
import type { OpenTaskResults } from '../../contracts/store/task-results.ts';
import type { Clock } from '../../util/clock.ts';
import { openSqlMailbox } from './broadcasts.ts';
import { openSqlConsumer } from './consumer.ts';
import type { SqlDialect } from './dialect.ts';
import { createTableReader } from './read-tables.ts';
import { createResultReader, createTaskResults } from './results.ts';
import type { Sql } from './sql.ts';
import { openSqlStore } from './store.ts';

/** What a database is opened for: beat's own tables, Celery's results, or only to be read. */
export type DatabaseUse = 'store' | 'results' | 'reading';

/** A product of SQL databases. */
export interface SqlProduct {
  /** The database of a URL. Throws a `ConfigError` for an invalid one. `timeout` limits an answer, in milliseconds. */
  readonly createDialect: (
    server: ServerUrl,
    timeout: number,
    clock: Clock,
    use: DatabaseUse,
  ) => SqlDialect;
  /** The same text for every URL of one database and user; users differ in their rights. */
  readonly normalize: (server: ServerUrl) => string;
  /** Creates the tables of Celery's result backend. */
  readonly resultTables: readonly Sql[];
}

/** Everything that beat opens in databases of a product. */
export interface SqlDriver {
  readonly stateDriver: StateDriver;
  readonly openConsumer: OpenConsumer;
  readonly openMailbox: OpenMailbox;
  readonly openResultReader: OpenResultReader;
  readonly openTaskResults: OpenTaskResults;
  readonly readTables: ReadTables;
}

export function createSqlDriver(product: SqlProduct): SqlDriver {
  return {
    stateDriver: {
      open: (options) => openSqlStore(options, product),
      normalize: product.normalize,
    },
    openConsumer: (options) => openSqlConsumer(options, product),
    openMailbox: (options) => openSqlMailbox(options, product),
    openResultReader: createResultReader(product),
    openTaskResults: createTaskResults(product),
    readTables: createTableReader(product),
  };
}
