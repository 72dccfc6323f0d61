import type { OpenMailbox } from '../../../contracts/broker/mailbox.ts';
import type { StateDriver } from '../../../contracts/store/store.ts';
import { FINAL_STATES_SQL, RESULT_TABLE } from '../../../celery/message/task-outcome.ts';
import { createTableReader } from '../read-tables.ts';
import { createResultReader } from '../result-reader.ts';
import type { Sql } from '../statements.ts';
import { openSqlMailbox } from '../broadcasts.ts';
import { openSqlStore } from '../store.ts';
import { postgresDialect, postgresLocation } from './dialect.ts';

/** Reads broadcasts in PostgreSQL. */
export const openMailbox: OpenMailbox = (options) => openSqlMailbox(options, postgresDialect);

/** Opens stores in PostgreSQL. */
export const postgresDriver: StateDriver = {
  open: (options) => openSqlStore(options, postgresDialect, '= ANY (current_schemas(false))'),
  normalize: postgresLocation,
};

const listColumns = (table: string): Sql => ({
  text: `SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))`,
  values: [table],
});

/** Reads the tables of another program in PostgreSQL. */
export const readTables = createTableReader(postgresDialect, {
  beginReadOnly: 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
  listColumns,
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  text: 'text',
});

/** Reads outcomes from Celery's results in PostgreSQL. */
export const openResultReader = createResultReader(postgresDialect, {
  listColumns,
  readOutcomes: (taskIds, withWorker) => ({
    text: `SELECT task_id, status, CAST(date_done AS text) AS done,
        right(traceback, 2000) AS traceback${withWorker ? ', worker' : ''}
      FROM ${RESULT_TABLE}
      WHERE task_id = ANY ($1) AND status IN (${FINAL_STATES_SQL})`,
    values: [taskIds],
  }),
});
