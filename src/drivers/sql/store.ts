import { measureSkew } from '../connection/clock-skew.ts';
import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import type { StateStoreOptions, StateStore, SchedulerTrace } from '../../contracts/store/store.ts';
import { createBroker } from './broker.ts';
import { createCommandLog } from './command-log.ts';
import { Database } from './database.ts';
import { createInstances } from './instances.ts';
import { createHistory } from './history.ts';
import { createLedger } from './ledger.ts';
import { createLock } from './lock.ts';
import { createNotifications } from './notifications.ts';
import { raw } from './sql.ts';
import { createPrune } from './messages.ts';
import { createEntries } from './entries.ts';
import type { SqlProduct } from './dialect.ts';

/** The longest timeout of an answer, for any TTL of the lock. Milliseconds. */
const MAX_TIMEOUT = 5_000;

/** Lock, ledger and queues in one database. The lock has its own connection: a renewal waits for no message. */
export function openSqlStore(options: StateStoreOptions, { createDialect }: SqlProduct): StateStore {
  const { server, keyPrefix: prefix, lockTtl: ttl, transport, queues, clock } = options;
  // Half of the TTL: a renewal without an answer can be repeated before the lock expires.
  const timeout = transport.socketTimeout ?? Math.min(Math.round(ttl / 2), MAX_TIMEOUT);
  const dialect = createDialect(server, timeout, clock, 'store');
  const { listen, file } = dialect;
  const { clock: readClock } = dialect.sql;
  // The connection to a file is never lost, so a commit to a locked file may wait longer.
  const ledgerTimeout = file ? MAX_TIMEOUT : timeout;
  const ledgerDb = new Database(dialect, 'beat-ledger', ledgerTimeout, clock);
  const lockDb = new Database(dialect, 'beat-lock', file ? Math.min(ttl, MAX_TIMEOUT) : timeout, clock);
  const prune = createPrune(ledgerDb, options.warn);
  const { history: limits = DEFAULT_HISTORY } = options;
  const history = limits && createHistory(ledgerDb, prefix, limits, clock);
  const notifications = listen && createNotifications(listen, prefix, clock);
  const entries = createEntries(ledgerDb, prefix);
  const time = readClock && (async () => Number((await lockDb.read('clock.read', readClock))[0]?.['now']));
  return {
    lock: createLock(lockDb, prefix, ttl, notifications?.release ?? null, clock),
    ledger: createLedger({ db: ledgerDb, entries, prune, prefix, queues, history, isFile: file !== null }),
    // On the lock's connection, which is never busy for long.
    commands: createCommandLog(lockDb, prefix, notifications?.command ?? null, clock),
    entries,
    instances: createInstances(lockDb, prefix),
    history: history ?? undefined,
    broker: createBroker(ledgerDb, prune, queues),
    ...(time && {
      checkHealth: async () => ({
        store: dialect.name,
        skew: await measureSkew(clock, time),
        eviction: null,
        locks: null,
      }),
    }),
    findSchedulers: () => findDjango(ledgerDb),
    close: async () => {
      await Promise.all([lockDb.close(), ledgerDb.close(), notifications?.close()]);
    },
  };
}

/** The table of entries of django-celery-beat, and how many of them one check reads, so that it delays no commit. */
const DJANGO_TABLE = 'django_celery_beat_periodictask';
const MAX_DJANGO_ENTRIES = 1_000;

const NEWEST_RUN = raw(`SELECT MAX(last_run_at) AS newest FROM
  (SELECT last_run_at FROM ${DJANGO_TABLE} ORDER BY id LIMIT ${MAX_DJANGO_ENTRIES}) AS part`);

/** The trace of django-celery-beat: the newest run of its entries. */
async function findDjango(db: Database): Promise<readonly SchedulerTrace[]> {
  const operation = 'schedulers.find';
  // A statement on a missing table would add an error to the server's log every minute.
  if ((await db.read(operation, db.sql.listColumns(DJANGO_TABLE))).length === 0) return [];
  const [row] = await db.read(operation, NEWEST_RUN);
  const newest = row?.['newest'];
  const mark = newest instanceof Date ? newest.toISOString() : String(newest);
  return [{ scheduler: 'django-celery-beat', mark, isLocked: false }];
}
