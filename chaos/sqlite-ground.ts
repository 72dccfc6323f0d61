import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Folder } from '../test/support/folder.ts';
import { readSqliteQueue } from '../test/support/queues.ts';
import type { Ground, Place } from './ground.ts';
import { QUEUES } from './scenario.ts';

/** One file for everybody. */
export const sqlitePlace: Place = {
  kinds: { 'file held': [200, 3_500], 'file read': [200, 3_500] },
  repeats: false,

  async open(): Promise<Ground> {
    const folder = new Folder();
    const path = join(folder.path, 'beat.sqlite');
    const brokerUrl = `sqla+sqlite:///${path}`;
    return {
      config: { brokerUrl },
      urlFor: () => brokerUrl,
      hits: () => 'all',
      strike: (kind, _slot, lasts) => hold(path, kind === 'file held', lasts),
      queued: async () => QUEUES.map((queue) => readSqliteQueue(path, queue)),
      [Symbol.asyncDispose]: async () => {
        folder[Symbol.dispose]();
      },
    };
  },
};

/** Another process in the middle of a transaction: one that writes keeps every other writer waiting. */
async function hold(path: string, writing: boolean, lasts: number): Promise<void> {
  const end = Date.now() + lasts;
  // Waiting within SQLite would stop this process too, and with it whoever is to thaw the holder.
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    while (!begins(db, writing ? 'BEGIN IMMEDIATE' : 'BEGIN; SELECT * FROM sqlite_master')) {
      if (Date.now() > end) return;
      await delay(5);
    }
    await delay(Math.max(0, end - Date.now()));
  } finally {
    db.close();
  }
}

/** `false` when somebody else has the file. */
function begins(db: DatabaseSync, sql: string): boolean {
  try {
    db.exec(sql);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === 'database is locked') return false;
    throw error;
  }
}
