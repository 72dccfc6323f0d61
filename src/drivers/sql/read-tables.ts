import type { ReadTables, TextRow } from '../../contracts/store/import-source.ts';
import { systemClock } from '../../util/system-clock.ts';
import { Database } from './database.ts';
import type { SqlProduct } from './dialect.ts';

/** The longest wait for an answer. Milliseconds. */
const TIMEOUT = 15_000;

/** Returns a function that reads tables of other programs in one transaction. */
export function createTableReader({ createDialect }: SqlProduct): ReadTables {
  return async (server, names) => {
    const dialect = createDialect(server, TIMEOUT, systemClock, 'reading');
    const sql = { ...dialect.sql, begin: dialect.sql.beginReadOnly };
    const db = new Database({ ...dialect, sql }, 'beat-import', TIMEOUT, systemClock);
    try {
      return await db.transaction('import', async (tx) => {
        const tables = new Map<string, readonly TextRow[]>();
        for (const name of names) {
          const columns = (await tx.run(sql.listColumns(name))).rows;
          if (columns.length === 0) continue;
          const { rows } = await tx.run(
            sql.readAsText(
              name,
              columns.map((column) => String(column['name'])),
            ),
          );
          tables.set(name, rows as readonly TextRow[]);
        }
        return tables;
      });
    } finally {
      await db.close();
    }
  };
}
