import type { OpenConsumer } from '../../contracts/broker/consumer.ts';
import type { OpenMailbox } from '../../contracts/broker/mailbox.ts';
import type { ReadTables } from '../../contracts/store/import-source.ts';
import type { OpenResultReader } from '../../contracts/store/result-reader.ts';
import type { StateDriver } from '../../contracts/store/store.ts';
import type { OpenTaskResults } from '../../contracts/store/task-results.ts';
import { openSqlMailbox } from './broadcasts.ts';
import { openSqlConsumer } from './consumer.ts';
import type { SqlProduct } from './dialect.ts';
import { createTableReader } from './read-tables.ts';
import { createResultReader, createTaskResults } from './results.ts';
import { openSqlStore } from './store.ts';

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
    stateDriver: { open: (options) => openSqlStore(options, product), normalize: product.normalize },
    openConsumer: (options) => openSqlConsumer(options, product),
    openMailbox: (options) => openSqlMailbox(options, product),
    openResultReader: createResultReader(product),
    openTaskResults: createTaskResults(product),
    readTables: createTableReader(product),
  };
}
