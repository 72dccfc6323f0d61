import { DEFAULT_TRANSPORT } from '../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import { pythonIso } from '../../celery/message/parse-instant.ts';
import type { ResultSettings } from '../../contracts/store/results.ts';
import type { TaskResult, TaskResults } from '../../contracts/store/task-results.ts';
import { Connection } from './connection/connection.ts';

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/** Opens Celery's result backend in Redis for a worker. Throws a `ConfigError` for an invalid URL. */
export function openRedisTaskResults(server: ServerUrls, settings: ResultSettings): TaskResults {
  const { masterName, sentinelKwargs, tls, keyPrefix, expires, extended } = settings;
  const transport = { ...DEFAULT_TRANSPORT, masterName, sentinelKwargs };
  const name = 'beat-worker-results';
  const connection = new Connection({ server, transport, tls, name, timeout: TIMEOUT });
  return {
    /** STRING `celery-task-meta-<task id>`, and a message on the channel of that name, for waiting clients. */
    async store(result) {
      const key = `${keyPrefix}celery-task-meta-${result.taskId}`;
      const meta = JSON.stringify(toMeta(result, extended));
      await connection.run('results.store', async (client) => {
        if (expires === null) await client.set(key, meta);
        else await client.set(key, meta, 'PX', expires);
        await client.publish(key, meta);
      });
    },
    close: () => connection.close(),
  };
}

/** The record as Celery's key-value backends store it. */
function toMeta(task: TaskResult, isExtended: boolean) {
  const { taskId, status, result, traceback, doneAt, groupId, parentId, request } = task;
  return {
    ...{ status, result, traceback, children: [] },
    date_done: doneAt === null ? null : pythonIso(doneAt, 'UTC'),
    ...(groupId !== null && { group_id: groupId }),
    ...(parentId !== null && { parent_id: parentId }),
    ...(isExtended && request),
    task_id: taskId,
  };
}
