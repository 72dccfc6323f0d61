import { createSqlDriver } from '../driver.ts';
import { raw } from '../sql.ts';
import { mysqlDialect, mysqlLocation } from './dialect.ts';
import { RESULTS } from './schema.ts';

/** MySQL and MariaDB. */
export const driver = createSqlDriver({
  createDialect: mysqlDialect,
  normalize: mysqlLocation,
  resultTables: RESULTS.map(raw),
});
