import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ReadTables, TextRow } from '../../contracts/store/import-source.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import { sqlitePath } from './path.ts';

/** Reads the tables of another program in an SQLite file, which stays as it is. */
export const readTables: ReadTables = async ({ url }, names) => {
  const path = resolve(sqlitePath(url));
  if (!existsSync(path)) throw new StoreError(`import: ${path} does not exist`);
  try {
    using db = new DatabaseSync(path, { readOnly: true });
    db.exec('PRAGMA busy_timeout = 5000; BEGIN');
    return new Map(
      names.flatMap((name) => {
        const rows = readTable(db, name);
        return rows ? [[name, rows] as const] : [];
      }),
    );
  } catch (error) {
    throw new StoreError(`import: ${path}: ${describeError(error)}`, { cause: error });
  }
};

function readTable(db: DatabaseSync, table: string): readonly TextRow[] | null {
  const found = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  if (found.length === 0) return null;
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const columns = found.map(({ name }) => quote(String(name)));
  const cast = columns.map((column) => `CAST(${column} AS text) AS ${column}`).join(', ');
  return db.prepare(`SELECT ${cast} FROM ${quote(table)}`).all() as readonly TextRow[];
}
