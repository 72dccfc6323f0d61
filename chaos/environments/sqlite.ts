import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Folder } from '../../test/support/folder.ts';
import { readSqliteQueue } from '../../test/support/queues.ts';
import type { Environment, EnvironmentType } from './environment.ts';

/** One SQLite file that all instances share. */
export const sqliteEnvironment: EnvironmentType = {
  faults: { 'file write-locked': [200, 3_500], 'file read-locked': [200, 3_500] },
  mayRepeat: false,
  overlap: ['skip', 'queue'],

  async open(): Promise<Environment> {
    const folder = new Folder();
    const path = join(folder.path, 'beat.sqlite');
    const brokerUrl = `sqla+sqlite:///${path}`;
    return {
      config: { brokerUrl },
      urlFor: () => brokerUrl,
      affects: () => 'server',
      inject: (kind, _slot, duration) =>
        lockFile(
          path,
          kind === 'file write-locked' ? 'BEGIN IMMEDIATE' : 'BEGIN; SELECT * FROM sqlite_master',
          duration,
        ),
      readQueue: async (queue) => readSqliteQueue(path, queue),
      [Symbol.asyncDispose]: async () => {
        folder[Symbol.dispose]();
      },
    };
  },
};

/** Keeps a transaction of another program open on the file. */
async function lockFile(path: string, begin: string, duration: number): Promise<void> {
  const end = Date.now() + duration;
  // A timeout within SQLite would block this process, and with it the nemesis that thaws the lock's holder.
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    while (!tryExec(db, begin)) {
      if (Date.now() > end) return;
      await delay(5);
    }
    await delay(Math.max(0, end - Date.now()));
  } finally {
    db.close();
  }
}

/** Returns `false` when another process has locked the file. */
function tryExec(db: DatabaseSync, sql: string): boolean {
  try {
    db.exec(sql);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === 'database is locked') return false;
    throw error;
  }
}
