import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import { toColumns } from '../../contracts/store/result-columns.ts';
import type { ResultSettings } from '../../contracts/store/results.ts';
import type { TaskResults } from '../../contracts/store/task-results.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import { sqlitePath } from './path.ts';

/** The table of Celery's database backend, as SQLAlchemy creates it for Celery 5.7; earlier versions read it too. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS celery_taskmeta (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	task_id VARCHAR(155), 
	status VARCHAR(50), 
	result BLOB, 
	date_done DATETIME, 
	traceback TEXT, 
	children BLOB, 
	name VARCHAR(155), 
	args BLOB, 
	kwargs BLOB, 
	worker VARCHAR(155), 
	retries INTEGER, 
	queue VARCHAR(155), 
	stamps BLOB, 
	UNIQUE (task_id)
);
`;

/** task id, then the columns. */
function storeResult(columns: readonly string[]): string {
  const updates = columns.map((name) => `${name} = excluded.${name}`).join(', ');
  return `
    INSERT INTO celery_taskmeta (task_id, ${columns.join(', ')})
    VALUES (?${', ?'.repeat(columns.length)})
    ON CONFLICT (task_id) DO UPDATE SET ${updates}`;
}

/** Opens Celery's result backend in a SQLite file for a worker. Throws a `ConfigError` for an invalid URL. */
export function openSqliteTaskResults(
  server: ServerUrls,
  { extended }: ResultSettings,
  clock: Clock,
): TaskResults {
  const db = new Database(sqlitePath(server.url), clock, SCHEMA);
  return {
    async store(result) {
      const columns = toColumns(result, extended);
      await db.write('results.store', (file) =>
        file.sql(storeResult(Object.keys(columns))).run(result.taskId, ...Object.values(columns)),
      );
    },
    close: async () => db.close(),
  };
}
