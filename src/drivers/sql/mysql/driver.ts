import type { StateDriver } from '../../../store/store.ts';
import { openSqlStore } from '../store.ts';
import { mysqlDialect, mysqlLocation } from './dialect.ts';

/** Opens stores in MySQL and MariaDB. */
export const mysqlDriver: StateDriver = {
  open: (options) => openSqlStore(options, mysqlDialect),
  normalize: mysqlLocation,
};
