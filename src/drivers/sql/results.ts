import { readResultRow, RESULT_TABLE } from '../../celery/message/task-outcome.ts';
import type { ResultReader, TaskResult, TaskResults } from '../../contracts/store/results.ts';
import { encodePickle } from '../../celery/message/python.ts';
import type { Database } from './database.ts';
import type { ColumnValue } from './statements.ts';

/** Reads outcomes in Celery's result backend. */
export function createResultReader(db: Database): ResultReader {
  let columns: ReadonlySet<unknown> = new Set();
  return {
    async read(taskIds) {
      // Workers create the table with their first result; those with `result_extended` add columns.
      if (columns.size === 0) {
        const rows = await db.read('outcomes.read', db.sql.listColumns(RESULT_TABLE));
        columns = new Set(rows.map(({ name }) => name));
        if (columns.size === 0) return { ended: [], unreadable: new Map() };
      }
      const rows = await db.read('outcomes.read', db.sql.readOutcomes(taskIds, columns.has('worker')));
      return { ended: rows.map(readResultRow), unreadable: new Map() };
    },
    close: () => db.close(),
  };
}

/** Writes to Celery's result backend as a worker. */
export function createTaskResults(db: Database, isExtended: boolean): TaskResults {
  return {
    async store(result) {
      const columns = Object.entries(toColumns(result, isExtended));
      await db.transaction('results.store', async (tx) => {
        // In two steps: on MariaDB an upsert would overwrite the row of another task that has the same id.
        const { changes } = await tx.run(db.sql.updateResult(result.taskId, columns));
        if (changes === 0) await tx.run(db.sql.insertResult(result.taskId, columns));
      });
    },
    close: () => db.close(),
  };
}

/** The columns of a result without its ids. It is pickled, as Celery before 5.7 requires and later ones accept. */
function toColumns(
  { status, result, doneAt, traceback, request }: TaskResult,
  isExtended: boolean,
): Readonly<Record<string, ColumnValue>> {
  return {
    status,
    result: encodePickle(result),
    date_done: formatDate(doneAt),
    traceback,
    ...(isExtended && {
      ...request,
      args: Buffer.from(JSON.stringify(request.args)),
      kwargs: Buffer.from(JSON.stringify(request.kwargs)),
    }),
  };
}

/** As SQLAlchemy writes a date and time, in UTC. */
function formatDate(at: number | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, 23).replace('T', ' ')}000`;
}
