import { mysqlDialect } from '../../src/drivers/sql/mysql/driver.ts';
import { postgresDialect } from '../../src/drivers/sql/postgresql/driver.ts';
import { MariaServer } from './mariadb.ts';
import { PostgresServer } from './postgres.ts';
import { requireService } from './services.ts';
import type { SqlServer } from './sql-server.ts';

export interface SqlProduct {
  readonly name: string;
  /** Why its tests are skipped; `false` when the server is installed. */
  readonly missing: string | false;
  readonly start: () => Promise<SqlServer>;
  readonly openDialect: typeof postgresDialect;
}

/** The database servers that beat supports; MariaDB also for MySQL. */
export const SQL_PRODUCTS: readonly SqlProduct[] = [
  {
    name: 'postgresql',
    missing: requireService('postgres'),
    start: () => PostgresServer.start(),
    openDialect: postgresDialect,
  },
  { name: 'mysql', missing: requireService('mariadbd'), start: () => MariaServer.start(), openDialect: mysqlDialect },
];
