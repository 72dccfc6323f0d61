import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../src/contracts/store/store.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import { forwardableClock, storeOptions } from './test-store.ts';
import type { TestStateStore } from './outbox.contract.ts';

/** A SQLite file in a folder of its own, for the contracts. */
export async function openSqliteTestStore(): Promise<TestStateStore> {
  const folder = mkdtempSync(join(tmpdir(), 'beat-sqlite-'));
  const path = join(folder, 'beat.sqlite');
  const clock = forwardableClock();
  const options = storeOptions(`sqla+sqlite:///${path}`, { clock });
  const stores: Store[] = [];
  return {
    url: options.server.url,
    async open(more) {
      const store = openSqlStore({ ...options, ...more });
      stores.push(store);
      return store;
    },
    queued: async (queue) => pending(path, queue).map(decodeEnvelope),
    expireLock: async () => clock.forward(options.lockTtl),
    async empty() {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    },
    async damageState(entry) {
      using db = new DatabaseSync(path);
      db.prepare(`UPDATE beat_entry SET state = '{"spec":' WHERE entry = ?`).run(entry);
    },
    async close() {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The payloads that kombu's query gives, one worker's `_get` after the other. */
function pending(path: string, queue: string): string[] {
  using db = new DatabaseSync(path);
  // The first write creates the tables.
  if (!db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'kombu_message'`).get()) return [];
  const select = db.prepare(
    `SELECT payload FROM kombu_message JOIN kombu_queue ON kombu_queue.id = queue_id
     WHERE name = ? AND visible != 0 ORDER BY timestamp, kombu_message.id`,
  );
  return select.all(queue).map((row) => row['payload'] as string);
}

function decodeEnvelope(payload: string): { taskId: string; body: string } {
  const { properties, body } = JSON.parse(payload) as { properties: { correlation_id: string }; body: string };
  return { taskId: properties.correlation_id, body: Buffer.from(body, 'base64').toString() };
}
