import type { StateDriver } from '../../../store/store.ts';
import { openSqlStore } from '../store.ts';
import { postgresDialect, postgresLocation } from './dialect.ts';

/** Opens stores in PostgreSQL. */
export const postgresDriver: StateDriver = {
  open: (options) => openSqlStore(options, postgresDialect),
  normalize: postgresLocation,
};
