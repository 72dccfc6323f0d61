import { createTaskResultsOpener, type ResultStatements } from '../task-results.ts';
import { postgresDialect } from './dialect.ts';
import { sql } from './statements.ts';

/** The table as SQLAlchemy creates it for Celery 5.7; earlier versions read it too. */
const SCHEMA = [
  'CREATE SEQUENCE IF NOT EXISTS task_id_sequence',
  `CREATE TABLE IF NOT EXISTS celery_taskmeta (
    id INTEGER NOT NULL,
    task_id VARCHAR(155),
    status VARCHAR(50),
    result BYTEA,
    date_done TIMESTAMP WITHOUT TIME ZONE,
    traceback TEXT,
    children BYTEA,
    name VARCHAR(155),
    args BYTEA,
    kwargs BYTEA,
    worker VARCHAR(155),
    retries INTEGER,
    queue VARCHAR(155),
    stamps BYTEA,
    PRIMARY KEY (id),
    UNIQUE (task_id)
  )`,
  'CREATE INDEX IF NOT EXISTS ix_celery_taskmeta_date_done ON celery_taskmeta (date_done)',
];

export const RESULT_STATEMENTS: ResultStatements = {
  schema: SCHEMA.map((text) => sql(text)),
  update: (taskId, columns) => {
    const list = columns.map(([name], i) => `${name} = $${i + 2}`).join(', ');
    const text = `UPDATE celery_taskmeta SET ${list} WHERE task_id = $1`;
    return sql(text, taskId, ...columns.map(([, value]) => value));
  },
  insert: (taskId, columns) => {
    const names = columns.map(([name]) => name).join(', ');
    const values = columns.map((_, i) => `$${i + 2}`).join(', ');
    const text = `INSERT INTO celery_taskmeta (id, task_id, ${names})
      VALUES (nextval('task_id_sequence'), $1, ${values})`;
    return sql(text, taskId, ...columns.map(([, value]) => value));
  },
};

/** Opens Celery's result backend in PostgreSQL, for a worker. */
export const openPostgresTaskResults = createTaskResultsOpener(postgresDialect, RESULT_STATEMENTS);
