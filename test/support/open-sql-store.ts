import { mysqlDriver } from '../../src/drivers/sql/mysql/driver.ts';
import { postgresDriver } from '../../src/drivers/sql/postgresql/driver.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type {
  StateDriver,
  StateStore,
  StateStoreOptions,
} from '../../src/contracts/store/store.ts';

/** Opens a store in the database that the URL names. */
export function openSqlStore(options: StateStoreOptions): StateStore {
  return driverFor(options.server.url).open(options);
}

/** The same text for every URL of one database, as far as URLs show. */
export function normalizeSqlUrl(url: string): string {
  return driverFor(url).normalize(parseEndpoint(url));
}

function driverFor(url: string): StateDriver {
  return parseEndpoint(url).driver?.name === 'postgresql' ? postgresDriver : mysqlDriver;
}
