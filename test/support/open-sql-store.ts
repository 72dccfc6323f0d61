import { driver as mysql } from '../../src/drivers/sql/mysql/driver.ts';
import { driver as postgresql } from '../../src/drivers/sql/postgresql/driver.ts';
import { driver as sqlite } from '../../src/drivers/sql/sqlite/driver.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type { StateDriver, StateStore, StateStoreOptions } from '../../src/contracts/store/store.ts';

/** Opens a store in the database that the URL names. */
export function openSqlStore(options: StateStoreOptions): StateStore {
  return driverFor(options.server.url).open(options);
}

/** The same text for every URL of one database, as far as URLs show. */
export function normalizeSqlUrl(url: string): string {
  return driverFor(url).normalize(parseEndpoint(url));
}

function driverFor(url: string): StateDriver {
  const { name } = parseEndpoint(url).driver!;
  return { postgresql, mysql, sqlite }[name as 'mysql'].stateDriver;
}
