import {
  describeDjango,
  DJANGO_TABLE,
  MAX_DJANGO_ENTRIES,
  type SchedulerTrace,
} from '../../contracts/store/scheduler-trace.ts';
import type { Database } from './database.ts';
import { raw } from './sql.ts';
import type { Statements } from './statements.ts';

const NEWEST_RUN = raw(`SELECT MAX(last_run_at) AS newest FROM
  (SELECT last_run_at FROM ${DJANGO_TABLE} ORDER BY id LIMIT ${MAX_DJANGO_ENTRIES}) AS part`);

/** Finds django-celery-beat. */
export async function findDjango(
  db: Database,
  sql: Statements,
): Promise<readonly SchedulerTrace[]> {
  const operation = 'schedulers.find';
  // A statement on a missing table would be an error in the log of the server, every minute.
  if ((await db.read(operation, sql.listColumns(DJANGO_TABLE))).length === 0) return [];
  const [row] = await db.read(operation, NEWEST_RUN);
  return [describeDjango(row?.['newest'])];
}
