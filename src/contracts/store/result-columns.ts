import { encodePickle } from '../../celery/message/python.ts';
import type { TaskResult } from './task-results.ts';

/** The value of a column: text, a number, bytes, or null. */
export type ColumnValue = string | number | Buffer | null;

/**
 * The columns of a row in Celery's table `celery_taskmeta`, without its id and task id. Results are pickled, as Celery
 * before 5.7 requires; later versions read pickles too.
 */
export function toColumns(
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
