import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import { readResultRow, RESULT_TABLE } from '../../celery/message/task-outcome.ts';
import type { OpenResultReader } from '../../contracts/store/result-reader.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import type { SqlDialect } from './dialect.ts';
import type { Sql } from './statements.ts';

/** The longest wait for an answer. Milliseconds. */
const TIMEOUT = 5_000;

/** The statements that read Celery's results, by product. */
export interface ResultStatements {
  /** → name; of the columns of a table, no row if it does not exist. */
  readonly listColumns: (table: string) => Sql;
  /**
   * → task_id, status, done (text), traceback (its end), worker; of the tasks that have ended. It reads no result: a
   * result may have megabytes.
   */
  readonly readOutcomes: (taskIds: readonly string[], withWorker: boolean) => Sql;
}

/** What reads outcomes at a URL of one product. */
export function createResultReader(
  createDialect: (server: ServerUrl, timeout: number, clock: Clock) => SqlDialect,
  { listColumns, readOutcomes }: ResultStatements,
): OpenResultReader {
  return (server, _settings, clock) => {
    const db = new Database(createDialect(server, TIMEOUT, clock), 'beat-outcomes', TIMEOUT, clock);
    let columns: ReadonlySet<unknown> = new Set();
    return {
      async read(taskIds) {
        // Workers create the table with their first result; those with `result_extended` add columns.
        if (columns.size === 0) {
          const rows = await db.read('outcomes.read', listColumns(RESULT_TABLE));
          columns = new Set(rows.map(({ name }) => name));
          if (columns.size === 0) return { ended: [], unreadable: new Map() };
        }
        const statement = readOutcomes(taskIds, columns.has('worker'));
        const rows = await db.read('outcomes.read', statement);
        return { ended: rows.map(readResultRow), unreadable: new Map() };
      },
      close: () => db.close(),
    };
  };
}
