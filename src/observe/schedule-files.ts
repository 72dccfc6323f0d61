import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchedulerTrace } from '../contracts/store/store.ts';

/** Where Celery's scheduler stores its last runs, unless `celery beat -s` names another file. */
const NAME = 'celerybeat-schedule';

/** Python's `shelve` appends one of these, by the database that it uses. */
const SUFFIXES = ['', '-wal', '.db', '.dat', '.dir'];

/** Finds the files of Celery's own scheduler, which it writes every three minutes. */
export async function findScheduleFiles(folders: readonly string[]): Promise<readonly SchedulerTrace[]> {
  const found = await Promise.all(
    [...new Set(folders)].map(async (folder) => {
      const path = join(folder, NAME);
      const written = await Promise.all(SUFFIXES.map((suffix) => readTime(path + suffix)));
      const newest = written.reduce((most, time) => Math.max(most, time), 0);
      const trace = { scheduler: `celery beat (${path})`, mark: String(newest), isLocked: false };
      return newest === 0 ? [] : [trace];
    }),
  );
  return found.flat();
}

/** Epoch milliseconds; 0 for no file. */
async function readTime(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
