import { resolve } from 'node:path';
import type { Broker } from '../../broker/broker.ts';
import { NO_QUEUE_BOUND } from '../../message/destination.ts';
import type { Queues } from '../../routing/queues.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../store/store.ts';
import { SqliteCommandLog } from './command-log.ts';
import { Database } from './database.ts';
import { inspectFile } from './inspect-file.ts';
import { SqliteLedger } from './ledger.ts';
import { SqliteLock } from './lock.ts';
import { insertRows, toRows } from './messages.ts';
import { sqlitePath } from './path.ts';

/**
 * The embedded store: one SQLite file that is lock, ledger and the queues of Celery workers with the
 * same `sqla+sqlite:///` URL. Everything that shares the file must run on one host.
 * Throws a `ConfigError` for a URL that names no file, and for a file that can never be used; the file is
 * opened, and made, when first used.
 */
export function openSqliteStore(options: StateStoreOptions): StateStore {
  const { keyPrefix, lockTtl, queues, clock } = options;
  const path = sqlitePath(options.brokerUrl);
  inspectFile(path);
  const db = new Database(path, clock);
  return {
    lock: new SqliteLock(db, keyPrefix, lockTtl, clock),
    ledger: new SqliteLedger(db, { prefix: keyPrefix, queues, clock }),
    commands: new SqliteCommandLog(db, keyPrefix, clock),
    broker: openBroker(db, queues),
    close: async () => db.close(),
  };
}

export const sqliteDriver: StateDriver = {
  open: openSqliteStore,
  normalize: (url) => resolve(sqlitePath(url)),
};

function openBroker(db: Database, queues: Queues): Broker {
  return {
    async publish(messages) {
      const rows = messages.map((message) => toRows(message, queues));
      await db.write('broker.publish', (file) => insertRows(file, rows.flat()));
      const lost = messages.filter((_, i) => rows[i]!.length === 0);
      return lost.map((message) => ({ message, reason: NO_QUEUE_BOUND }));
    },
    // The transport has no fanout exchanges, so there are no subscribers.
    announce: async () => {},
    close: async () => {},
  };
}
