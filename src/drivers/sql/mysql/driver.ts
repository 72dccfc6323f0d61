import type { OpenMailbox } from '../../../contracts/broker/mailbox.ts';
import type { StateDriver } from '../../../contracts/store/store.ts';
import { FINAL_STATES_SQL, RESULT_TABLE } from '../../../celery/message/task-outcome.ts';
import { createTableReader } from '../read-tables.ts';
import { createResultReader } from '../result-reader.ts';
import type { Sql } from '../statements.ts';
import { openSqlMailbox } from '../broadcasts.ts';
import { openSqlStore } from '../store.ts';
import { mysqlDialect, mysqlLocation } from './dialect.ts';

/** Reads broadcasts in MySQL and MariaDB. */
export const openMailbox: OpenMailbox = (options) => openSqlMailbox(options, mysqlDialect);

/** Opens stores in MySQL and MariaDB. */
export const mysqlDriver: StateDriver = {
  open: (options) => openSqlStore(options, mysqlDialect, '= DATABASE()'),
  normalize: mysqlLocation,
};

const listColumns = (table: string): Sql => ({
  text: `SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = ? AND table_schema = DATABASE()`,
  values: [table],
});

/** Reads the tables of another program in MySQL and MariaDB. */
export const readTables = createTableReader(mysqlDialect, {
  beginReadOnly: 'START TRANSACTION READ ONLY',
  listColumns,
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  text: 'char',
});

/** Reads outcomes from Celery's results in MySQL and MariaDB. */
export const openResultReader = createResultReader(mysqlDialect, {
  listColumns,
  readOutcomes: (taskIds, withWorker) => ({
    text: `SELECT task_id, status, CAST(date_done AS CHAR) AS done,
        RIGHT(traceback, 2000) AS traceback${withWorker ? ', worker' : ''}
      FROM ${RESULT_TABLE}
      WHERE task_id IN (${taskIds.map(() => '?').join(', ')}) AND status IN (${FINAL_STATES_SQL})`,
    values: taskIds,
  }),
});
