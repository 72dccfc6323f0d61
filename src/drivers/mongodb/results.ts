import { readResultRow, type TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { OpenResultReader } from '../../contracts/store/results.ts';
import { MongoConnection, TIMEOUT, type Keyed } from './connection.ts';

/** The defaults of Celery's MongoDB backend. */
const DATABASE = 'celery';
const COLLECTION = 'celery_taskmeta';

/** The states of tasks that have ended. */
const FINAL_STATES = ['SUCCESS', 'FAILURE', 'REVOKED'];

interface TaskDocument extends Keyed {
  readonly status: string;
  readonly date_done?: Date | string | null;
  readonly traceback?: string | null;
  readonly worker?: string;
}

/** Reads outcomes in Celery's result backend, without the results themselves. */
export const openMongoResultReader: OpenResultReader = (server) => {
  const connection = new MongoConnection({
    server,
    defaultDatabase: DATABASE,
    name: 'beat-outcomes',
    timeout: TIMEOUT,
  });
  const tasks = connection.collection<TaskDocument>(COLLECTION);
  return {
    read: (taskIds) =>
      connection.run('outcomes.read', async () => {
        const ended: TaskOutcome[] = [];
        const filter = { _id: { $in: [...taskIds] }, status: { $in: FINAL_STATES } };
        const shown = { status: 1, date_done: 1, traceback: 1, worker: 1 } as const;
        for await (const { _id, status, date_done, traceback, worker } of tasks.find(filter).project(shown)) {
          const done: unknown = date_done instanceof Date ? date_done.toISOString() : date_done;
          ended.push(readResultRow({ task_id: _id, status, done, traceback, worker }));
        }
        return { ended, unreadable: new Map() };
      }),
    close: () => connection.close(),
  };
};
