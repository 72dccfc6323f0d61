import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import type { StateDriver, StateStore, StateStoreOptions } from '../../contracts/store/store.ts';
import { measureSkew } from '../connection/clock-skew.ts';
import { mongoBroker } from './broker.ts';
import { mongoCommandLog } from './command-log.ts';
import { databaseOf, MongoConnection, TIMEOUT } from './connection.ts';
import { mongoEntries } from './entries.ts';
import { mongoHistory } from './history.ts';
import { mongoInstances } from './instances.ts';
import { createKombu } from './kombu.ts';
import { mongoLedger } from './ledger.ts';
import { mongoLock } from './lock.ts';
import { namesFor, prepareState } from './names.ts';
import { createSteps } from './steps.ts';
import { createApplyWrites } from './writes.ts';

/**
 * Opens lock, ledger and broker in the database that Celery's workers consume from. Operations share a pool of
 * connections: a renewal of the lock waits for no commit.
 */
export function openMongoStore(options: StateStoreOptions): StateStore {
  const { server, keyPrefix, lockTtl, transport, queues, clock, warn } = options;
  const { mongodb, clientName } = transport;
  // Half of the TTL: a renewal without an answer can be repeated before the lock expires.
  const timeout = transport.socketTimeout ?? Math.min(Math.round(lockTtl / 2), TIMEOUT);
  const names = namesFor(keyPrefix);
  const connection = new MongoConnection({
    server,
    defaultDatabase: mongodb.defaultDatabase,
    name: clientName ?? 'beat',
    timeout,
    prepare: (db) => prepareState(db, names),
  });
  const kombu = createKombu(connection.db, mongodb, queues, clock);
  const steps = createSteps(connection, names, createApplyWrites(connection, names, kombu));
  const entries = mongoEntries(connection, names.entries);
  const { history: limits = DEFAULT_HISTORY } = options;
  const history = limits && mongoHistory(connection, names, limits, clock);
  return {
    lock: mongoLock(connection, names.leader, lockTtl, clock),
    ledger: mongoLedger({ connection, names, steps, kombu, entries, history, clock, warn }),
    commands: mongoCommandLog(
      connection,
      { commands: names.commands, audit: names.audit, counter: names.leader },
      clock,
    ),
    entries,
    instances: mongoInstances(connection, names.instances),
    history: history ?? undefined,
    broker: mongoBroker(connection, kombu),
    checkHealth: () =>
      connection.run('health.check', async () => {
        const skew = await measureSkew(clock, () => connection.readTime());
        return { store: 'MongoDB', skew, eviction: null, locks: null };
      }),
    close: () => connection.close(),
  };
}

/** The hosts in their order, the database and the user. */
function normalize({ url }: ServerUrls): string {
  const {
    scheme = '',
    user = '',
    hosts = '',
  } = /^(?<scheme>[^:]+):\/\/(?:(?<user>[^:@/]*)(?::[^@/]*)?@)?(?<hosts>[^/?]*)/.exec(url)?.groups ?? {};
  return `${scheme}://${user}@${hosts.split(',').toSorted().join(',').toLowerCase()}/${databaseOf(url)}`;
}

export const mongoDriver: StateDriver = { open: openMongoStore, normalize };
