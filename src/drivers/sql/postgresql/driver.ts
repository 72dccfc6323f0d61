import type { StateDriver } from '../../../store/store.ts';
import { createTableReader } from '../read-tables.ts';
import { openSqlStore } from '../store.ts';
import { postgresDialect, postgresLocation } from './dialect.ts';

/** Opens stores in PostgreSQL. */
export const postgresDriver: StateDriver = {
  open: (options) => openSqlStore(options, postgresDialect),
  normalize: postgresLocation,
};

/** Reads the tables of another program in PostgreSQL. */
export const readTables = createTableReader(postgresDialect, {
  beginReadOnly: 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
  listColumns: (table) => ({
    text: `SELECT column_name AS name FROM information_schema.columns
      WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))`,
    values: [table],
  }),
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  text: 'text',
});
