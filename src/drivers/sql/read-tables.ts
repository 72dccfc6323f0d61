import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { ReadTables, TextRow } from '../../contracts/store/import-source.ts';
import type { Clock } from '../../util/clock.ts';
import { systemClock } from '../../util/system-clock.ts';
import { describeFailure } from './database-error.ts';
import type { Connection, SqlDialect } from './dialect.ts';
import type { Sql } from './statements.ts';

/** The longest wait for an answer. Milliseconds. */
const TIMEOUT = 15_000;

/** The statements that read tables of other programs, by product. */
export interface TableStatements {
  readonly beginReadOnly: string;
  /** → name; of the columns of a table, no row if it does not exist. */
  readonly listColumns: (table: string) => Sql;
  readonly quote: (name: string) => string;
  /** The type whose values are text. */
  readonly text: string;
}

/** What reads the tables at a URL of one product. */
export function createTableReader(
  createDialect: (server: ServerUrl, timeout: number, clock: Clock) => SqlDialect,
  statements: TableStatements,
): ReadTables {
  return async (server, names) => {
    const dialect = createDialect(server, TIMEOUT, systemClock);
    let connection: Connection | undefined;
    try {
      connection = await dialect.connect('beat-import', new AbortController().signal);
      await connection.run({ text: statements.beginReadOnly, values: [] });
      const tables = new Map<string, readonly TextRow[]>();
      for (const name of names) {
        const rows = await readTable(connection, name, statements);
        if (rows) tables.set(name, rows);
      }
      return tables;
    } catch (error) {
      const failed = { operation: 'import', error, kind: dialect.classifyError(error) };
      throw describeFailure(dialect, { ...failed, missingRights: [], timeout: TIMEOUT });
    } finally {
      await connection?.close();
    }
  };
}

async function readTable(
  connection: Connection,
  table: string,
  { listColumns, quote, text }: TableStatements,
): Promise<readonly TextRow[] | null> {
  const { rows } = await connection.run(listColumns(table));
  if (rows.length === 0) return null;
  const columns = rows.map(({ name }) => quote(String(name)));
  const cast = columns.map((column) => `CAST(${column} AS ${text}) AS ${column}`).join(', ');
  const read = await connection.run({ text: `SELECT ${cast} FROM ${quote(table)}`, values: [] });
  return read.rows as readonly TextRow[];
}
