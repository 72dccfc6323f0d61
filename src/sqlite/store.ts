import { resolve } from 'node:path';
import type { Broker } from '../broker/broker.ts';
import type { PlaceOptions, StateStore } from '../store.ts';
import { Database } from './database.ts';
import { SqliteLedger } from './ledger.ts';
import { SqliteLock } from './lock.ts';
import { insertRows, toRow } from './messages.ts';
import { sqlitePath } from './path.ts';

/**
 * The embedded store: one SQLite file that is lock, ledger and the queues of Celery workers with the
 * same `sqla+sqlite:///` URL. Everything that shares the file must run on one host.
 * Throws a `ConfigError` for a URL that names no file; the file is opened, and made, when first used.
 */
export function openSqliteStore(options: PlaceOptions): StateStore {
  const { keyPrefix, lockTtl, clock } = options;
  const db = new Database(sqlitePath(options.brokerUrl), clock);
  return {
    lock: new SqliteLock(db, keyPrefix, lockTtl, clock),
    ledger: new SqliteLedger(db, keyPrefix, clock),
    broker: openBroker(db),
    close: async () => db.close(),
  };
}

/** The same for every URL of one file. */
export function sqlitePlace(url: string): string {
  return resolve(sqlitePath(url));
}

function openBroker(db: Database): Broker {
  return {
    async publish(messages) {
      const rows = messages.map(toRow);
      await db.write('broker.publish', (file) => insertRows(file, rows));
    },
    // The transport's queues are for one taker each: nobody listens.
    announce: async () => {},
    close: async () => {},
  };
}
