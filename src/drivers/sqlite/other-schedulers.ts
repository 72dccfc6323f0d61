import {
  describeDjango,
  DJANGO_TABLE,
  MAX_DJANGO_ENTRIES,
  type SchedulerTrace,
} from '../../contracts/store/scheduler-trace.ts';
import type { OpenFile } from './database.ts';

const NEWEST_RUN = `SELECT MAX(last_run_at) AS newest FROM
  (SELECT last_run_at FROM ${DJANGO_TABLE} ORDER BY id LIMIT ${MAX_DJANGO_ENTRIES})`;

/** Finds django-celery-beat in the file of the store. */
export function findDjango(file: OpenFile): readonly SchedulerTrace[] {
  const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
  if (!file.sql(table).get(DJANGO_TABLE)) return [];
  return [describeDjango(file.sql(NEWEST_RUN).get()?.['newest'])];
}
