import { createTaskResultsOpener } from '../task-results.ts';
import { mysqlDialect } from './dialect.ts';
import { ID_COLUMN, ID_TYPE, nextId, sequence } from './schema.ts';
import { sql } from './statements.ts';

/**
 * The table as SQLAlchemy creates it for Celery 5.7; earlier versions read it too. Only the results are larger: `BLOB`
 * ends at 64 KiB, which is the output of one command.
 */
const SCHEMA = [
  sequence('task_id_sequence'),
  `CREATE TABLE IF NOT EXISTS celery_taskmeta (
    id ${ID_TYPE},
    task_id VARCHAR(155),
    status VARCHAR(50),
    result MEDIUMBLOB,
    date_done DATETIME,
    traceback MEDIUMTEXT,
    children BLOB,
    name VARCHAR(155),
    args BLOB,
    kwargs BLOB,
    worker VARCHAR(155),
    retries INTEGER,
    queue VARCHAR(155),
    stamps BLOB,
    PRIMARY KEY (id),
    UNIQUE (task_id),
    INDEX ix_celery_taskmeta_date_done (date_done)
  ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`,
];

/** Opens Celery's result backend in MySQL and MariaDB, for a worker. */
export const openMysqlTaskResults = createTaskResultsOpener(mysqlDialect, {
  schema: SCHEMA.map((text) => sql(text)),
  update: (taskId, columns) => {
    const list = columns.map(([name]) => `${name} = ?`).join(', ');
    const text = `UPDATE celery_taskmeta SET ${list} WHERE task_id = ?`;
    return sql(text, ...columns.map(([, value]) => value), taskId);
  },
  insert: (taskId, columns) => {
    const names = columns.map(([name]) => name).join(', ');
    const text = `INSERT INTO celery_taskmeta (${ID_COLUMN} task_id, ${names})
      VALUES (${nextId('task_id_sequence')} ?${', ?'.repeat(columns.length)})`;
    return sql(text, taskId, ...columns.map(([, value]) => value));
  },
});
