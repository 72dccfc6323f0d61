import { readResultRow, RESULT_TABLE } from '../../celery/message/task-outcome.ts';
import type { OpenResultReader } from '../../contracts/store/result-reader.ts';
import { toColumns } from '../../contracts/store/result-columns.ts';
import type { OpenTaskResults } from '../../contracts/store/task-results.ts';
import { Database } from './database.ts';
import type { SqlProduct } from './dialect.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;

/** Returns a function that opens Celery's result backend to read outcomes. */
export function createResultReader({ createDialect }: SqlProduct): OpenResultReader {
  return (server, _settings, clock) => {
    const dialect = createDialect(server, TIMEOUT, clock, 'reading');
    const db = new Database(dialect, 'beat-outcomes', TIMEOUT, clock);
    let columns: ReadonlySet<unknown> = new Set();
    return {
      async read(taskIds) {
        // Workers create the table with their first result; those with `result_extended` add columns.
        if (columns.size === 0) {
          const rows = await db.read('outcomes.read', dialect.sql.listColumns(RESULT_TABLE));
          columns = new Set(rows.map(({ name }) => name));
          if (columns.size === 0) return { ended: [], unreadable: new Map() };
        }
        const statement = dialect.sql.readOutcomes(taskIds, columns.has('worker'));
        const rows = await db.read('outcomes.read', statement);
        return { ended: rows.map(readResultRow), unreadable: new Map() };
      },
      close: () => db.close(),
    };
  };
}

/** Returns a function that opens Celery's result backend for a worker. */
export function createTaskResults({ createDialect, resultTables }: SqlProduct): OpenTaskResults {
  return (server, { extended }, clock) => {
    const dialect = createDialect(server, TIMEOUT, clock, 'results');
    const tables = { schema: resultTables, workerIndexes: [] };
    const db = new Database({ ...dialect, ...tables }, 'beat-worker-results', TIMEOUT, clock);
    return {
      async store(result) {
        const columns = Object.entries(toColumns(result, extended));
        await db.transaction('results.store', async (tx) => {
          // In two steps: on MariaDB an upsert would overwrite the row of another task that has the same id.
          const { changes } = await tx.run(dialect.sql.updateResult(result.taskId, columns));
          if (changes === 0) await tx.run(dialect.sql.insertResult(result.taskId, columns));
        });
      },
      close: () => db.close(),
    };
  };
}
