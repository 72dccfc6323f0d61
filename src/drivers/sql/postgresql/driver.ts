import { createSqlDriver } from '../driver.ts';
import { raw } from '../sql.ts';
import { postgresDialect, postgresLocation } from './dialect.ts';
import { RESULTS } from './schema.ts';

/** PostgreSQL. */
export const driver = createSqlDriver({
  createDialect: postgresDialect,
  normalize: postgresLocation,
  resultTables: RESULTS.map(raw),
});
