import type { Clock } from '../../util/clock.ts';
import { schemeOf } from '../../broker/url-list.ts';
import { measureSkew } from '../../store/clock-skew.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../store/store.ts';
import { SqlBroker } from './broker.ts';
import { SqlCommandLog } from './command-log.ts';
import { Database } from './database.ts';
import { SqlLedger } from './ledger.ts';
import { SqlLock } from './lock.ts';
import { mysqlPlace, mysqlServer } from './mysql/server.ts';
import { postgresPlace, postgresServer } from './postgresql/server.ts';
import { Pruner } from './pruner.ts';
import { ReleaseNotifications } from './release-notifications.ts';
import type { Server } from './server.ts';

/** However long the lock lives, nobody waits longer than this (milliseconds) for an answer. */
const LONGEST_TIMEOUT = 5_000;

/**
 * Lock, ledger and the queues of Celery workers in one database. The lock has a connection of its own: a
 * renewal must not wait behind megabytes of messages.
 */
export function openSqlStore(options: StateStoreOptions): StateStore {
  const { brokerUrl, keyPrefix: prefix, lockTtl: ttl, transport, queues, clock } = options;
  // Half of the TTL: a renewal that is not answered can be tried again before the lock has expired.
  const timeout = transport.socketTimeout ?? Math.min(Math.round(ttl / 2), LONGEST_TIMEOUT);
  const server = serverAt(brokerUrl, timeout, clock);
  const { sql, listen } = server;

  const writing = new Database(server, 'beat-ledger', timeout, clock);
  const holding = new Database(server, 'beat-lock', timeout, clock);
  const pruner = new Pruner(writing, sql, options.warn);
  const releases = listen && new ReleaseNotifications(listen, prefix, clock);
  const lock = new SqlLock({ db: holding, sql, releases, prefix, ttl, clock });
  const time = async () => Number((await holding.read('clock.read', sql.clock))[0]?.['now']);
  return {
    lock,
    ledger: new SqlLedger({ db: writing, sql, pruner, prefix, queues }),
    // Beside the lock, whose connection is never busy for long.
    commands: new SqlCommandLog({ db: holding, sql, prefix, clock }),
    broker: new SqlBroker(writing, sql, pruner, queues),
    checkHealth: async () => ({
      store: server.name,
      skew: await measureSkew(clock, time),
      eviction: null,
      locks: null,
    }),
    close: async () => {
      await Promise.all([lock.close(), writing.close()]);
    },
  };
}

function serverAt(url: string, timeout: number, clock: Clock): Server {
  return isPostgres(url) ? postgresServer(url, timeout, clock) : mysqlServer(url, timeout, clock);
}

export const sqlDriver: StateDriver = {
  open: openSqlStore,
  normalize: (url) => (isPostgres(url) ? postgresPlace(url) : mysqlPlace(url)),
};

function isPostgres(url: string): boolean {
  return schemeOf(url) === 'sqla+postgresql';
}
