import { resolve } from 'node:path';
import type { Broker } from '../../contracts/broker/broker.ts';
import { NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../contracts/store/store.ts';
import type { Clock } from '../../util/clock.ts';
import { broadcast } from './broadcasts.ts';
import { SqliteCommandLog } from './command-log.ts';
import { Database } from './database.ts';
import { SqliteInstances } from './instances.ts';
import { SqliteHistory } from './history.ts';
import { inspectFile } from './inspect-file.ts';
import { SqliteLedger } from './ledger.ts';
import { SqliteLock } from './lock.ts';
import { insertRows, toRows } from './messages.ts';
import { findDjango } from './other-schedulers.ts';
import { sqlitePath } from './path.ts';
import { SqliteStoredEntries } from './stored-entries.ts';

/**
 * Opens the embedded store: one SQLite file with the lock, the ledger and the queues of Celery workers that use the
 * same `sqla+sqlite:///` URL. All processes that share the file must run on one host. The first use opens or
 * creates the file. Throws a `ConfigError` for an invalid URL and for a file that can never be used.
 */
export function openSqliteStore(options: StateStoreOptions): StateStore {
  const { keyPrefix, lockTtl, queues, clock } = options;
  const path = sqlitePath(options.server.url);
  inspectFile(path);
  const db = new Database(path, clock);
  const { history: limits = DEFAULT_HISTORY } = options;
  const history = limits && new SqliteHistory(db, keyPrefix, limits, clock);
  return {
    lock: new SqliteLock(db, keyPrefix, lockTtl, clock),
    ledger: new SqliteLedger(db, { prefix: keyPrefix, queues, clock, history }),
    commands: new SqliteCommandLog(db, keyPrefix, clock),
    entries: new SqliteStoredEntries(db, keyPrefix),
    instances: new SqliteInstances(db, keyPrefix, clock),
    history: history ?? undefined,
    findSchedulers: () => db.read('schedulers.find', findDjango),
    broker: openBroker(db, queues, clock),
    close: async () => db.close(),
  };
}

export const sqliteDriver: StateDriver = {
  open: openSqliteStore,
  normalize: ({ url }) => resolve(sqlitePath(url)),
};

function openBroker(db: Database, queues: Queues, clock: Clock): Broker {
  return {
    async publish(messages) {
      const rows = messages.map((message) => toRows(message, queues));
      await db.write('broker.publish', (file) => insertRows(file, rows.flat()));
      const unroutable = messages.filter((_, i) => rows[i]!.length === 0);
      return unroutable.map((message) => ({ message, reason: NO_QUEUE_BOUND }));
    },
    announce: (messages) => broadcast(db, messages, clock),
    close: async () => {},
  };
}
