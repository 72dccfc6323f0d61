import type { StateDriver } from '../../../store/store.ts';
import { createTableReader } from '../read-tables.ts';
import { openSqlStore } from '../store.ts';
import { mysqlDialect, mysqlLocation } from './dialect.ts';

/** Opens stores in MySQL and MariaDB. */
export const mysqlDriver: StateDriver = {
  open: (options) => openSqlStore(options, mysqlDialect),
  normalize: mysqlLocation,
};

/** Reads the tables of another program in MySQL and MariaDB. */
export const readTables = createTableReader(mysqlDialect, {
  beginReadOnly: 'START TRANSACTION READ ONLY',
  listColumns: (table) => ({
    text: `SELECT column_name AS name FROM information_schema.columns
      WHERE table_name = ? AND table_schema = DATABASE()`,
    values: [table],
  }),
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  text: 'char',
});
