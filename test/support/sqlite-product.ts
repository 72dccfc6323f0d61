import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { sqliteDialect } from '../../src/drivers/sql/sqlite/driver.ts';
import { Folder } from './folder.ts';
import type { SqlServer } from './sql-server.ts';

/** What the tests of statements need of a server, for a file of SQLite. */
type StatementServer = Pick<SqlServer, 'name' | 'url' | 'empty' | 'query' | 'stop'>;

/** SQLite beside the database servers. */
export const SQLITE_PRODUCT = {
  name: 'sqlite',
  missing: false as const,
  openDialect: sqliteDialect,
  start: async (): Promise<StatementServer> => {
    const folder = new Folder();
    const path = join(folder.path, 'beat.sqlite');
    return {
      name: 'SQLite',
      url: () => `sqla+sqlite:///${path}`,
      empty: async () => {
        for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
      },
      query: async (text, ...values) => {
        using db = new DatabaseSync(path);
        const parameters = values.map((value) => (typeof value === 'boolean' ? +value : value));
        return db.prepare(text).all(...(parameters as SQLInputValue[]));
      },
      stop: async () => folder[Symbol.dispose](),
    };
  },
};
