import {
  describeDjango,
  DJANGO_TABLE,
  MAX_DJANGO_ENTRIES,
  type SchedulerTrace,
} from '../../contracts/store/scheduler-trace.ts';
import type { Database } from './database.ts';

const NEWEST_RUN = `SELECT MAX(last_run_at) AS newest FROM
  (SELECT last_run_at FROM ${DJANGO_TABLE} ORDER BY id LIMIT ${MAX_DJANGO_ENTRIES}) AS part`;

/** Finds django-celery-beat. `schemas` is the SQL that compares with the schemas whose tables are used. */
export async function findDjango(
  db: Database,
  schemas: string,
): Promise<readonly SchedulerTrace[]> {
  const table = `SELECT 1 AS found FROM information_schema.tables
    WHERE table_name = '${DJANGO_TABLE}' AND table_schema ${schemas}`;
  const operation = 'schedulers.find';
  // A statement on a missing table would be an error in the log of the server, every minute.
  if ((await db.read(operation, { text: table, values: [] })).length === 0) return [];
  const [row] = await db.read(operation, { text: NEWEST_RUN, values: [] });
  return [describeDjango(row?.['newest'])];
}
