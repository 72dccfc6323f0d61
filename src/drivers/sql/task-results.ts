import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import { toColumns, type ColumnValue } from '../../contracts/store/result-columns.ts';
import type { OpenTaskResults } from '../../contracts/store/task-results.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import type { SqlDialect } from './dialect.ts';
import type { Sql } from './statements.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;

/** The statements for Celery's table of results. */
export interface ResultStatements {
  /** Creates the table as Celery does. It may be repeated, also by two processes at once. */
  readonly schema: readonly Sql[];
  /** Changes no row if the task has none. */
  update(taskId: string, columns: readonly Column[]): Sql;
  /** Another process may insert the row at the same time: this is `retryable` then. */
  insert(taskId: string, columns: readonly Column[]): Sql;
}

export type Column = readonly [name: string, value: ColumnValue];

/** Opens Celery's result backend in databases of one product, for a worker. */
export function createTaskResultsOpener(
  createDialect: (server: ServerUrl, timeout: number, clock: Clock) => SqlDialect,
  statements: ResultStatements,
): OpenTaskResults {
  return (server, { extended }, clock) => {
    const dialect = createDialect(server, TIMEOUT, clock);
    const sql = { ...dialect.sql, schema: statements.schema, workerIndexes: [] };
    const db = new Database({ ...dialect, sql }, 'beat-worker-results', TIMEOUT, clock);
    return {
      async store(result) {
        const columns = Object.entries(toColumns(result, extended));
        await db.transaction('results.store', async (tx) => {
          // In two steps: on MariaDB an upsert would overwrite the row of another task that has the same id.
          const { changes } = await tx.run(statements.update(result.taskId, columns));
          if (changes === 0) await tx.run(statements.insert(result.taskId, columns));
        });
      },
      close: () => db.close(),
    };
  };
}
