import type { ServerUrls } from '../../broker/server-url.ts';
import { encodePickle } from '../../message/pickle.ts';
import type { ResultSettings } from '../../store/results.ts';
import type { TaskResults } from '../../store/task-results.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import { sqlitePath } from './path.ts';

/** The table of Celery's database backend, as SQLAlchemy creates it. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS celery_taskmeta (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	task_id VARCHAR(155), 
	status VARCHAR(50), 
	result BLOB, 
	date_done DATETIME, 
	traceback TEXT, 
	UNIQUE (task_id)
);
`;

/** task id, status, result, date, traceback. */
const STORE_RESULT = `
  INSERT INTO celery_taskmeta (task_id, status, result, date_done, traceback) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (task_id) DO UPDATE
  SET status = excluded.status, result = excluded.result, date_done = excluded.date_done,
    traceback = excluded.traceback`;

/** Opens Celery's result backend in a SQLite file for a worker. Throws a `ConfigError` for an invalid URL. */
export function openSqliteTaskResults(
  server: ServerUrls,
  _settings: ResultSettings,
  clock: Clock,
): TaskResults {
  const db = new Database(sqlitePath(server.url), clock, SCHEMA);
  return {
    async store({ taskId, status, result, traceback, doneAt }) {
      const pickle = encodePickle(result);
      await db.write('results.store', (file) =>
        file.sql(STORE_RESULT).run(taskId, status, pickle, formatDate(doneAt), traceback),
      );
    },
    close: async () => db.close(),
  };
}

/** As SQLAlchemy stores a date and time, in UTC. */
function formatDate(at: number | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, 23).replace('T', ' ')}000`;
}
