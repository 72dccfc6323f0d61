import {
  FINAL_STATES,
  lastLine,
  parsePythonDate,
  toWorkerName,
  type TaskOutcome,
} from './task-outcome.ts';

/** The table of Celery's database result backend. */
export const RESULT_TABLE = 'celery_taskmeta';

/** The states of rows that are outcomes, as a list in SQL. */
export const FINAL_STATES_SQL = FINAL_STATES.map((state) => `'${state}'`).join(', ');

/** A row with the columns `task_id`, `status`, `done`, `traceback` (its end is enough) and, if it exists, `worker`. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** The outcome in a row. The exception is the last line of the traceback: the result itself is pickled. */
export function readResultRow(row: ResultRow): TaskOutcome {
  const { task_id: taskId, status, done, traceback, worker } = row;
  const state = String(status);
  return {
    taskId: String(taskId),
    state,
    doneAt: parsePythonDate(done),
    runtime: null,
    worker: toWorkerName(worker),
    error: state !== 'SUCCESS' && typeof traceback === 'string' ? lastLine(traceback) : null,
  };
}
