import type { Broker } from '../broker/broker.ts';
import type { TransportOptions } from '../broker/connection-settings.ts';
import { schemeOf } from '../broker/url-list.ts';
import type { LatenessOf } from '../catalog/catch-up.ts';
import { OutboxLedger } from '../outbox/outbox-ledger.ts';
import type { OutboxReports } from '../outbox/reports.ts';
import type { ResultBackend, ResultSettings } from '../store/results.ts';
import type { BrokerOptions, PlaceOptions, StateStore, Store } from '../store/store.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { BROKER_SCHEMES, kindOf, STATE_SCHEMES, type Kind } from './table.ts';

/** What it takes to open a broker with its state, wherever that is. */
export interface StoreOptions extends PlaceOptions, BrokerOptions {
  /** Where lock and ledger are; the same as `brokerUrl` for one place that is all. */
  readonly stateUrl: string;
  /** Told of messages that had to wait, where the two are not one place. */
  readonly outbox?: OutboxReports | undefined;
  /** For how long such messages are owed; unless given, as by default. */
  readonly latenessOf?: LatenessOf | undefined;
}

interface Room {
  readonly open: (options: PlaceOptions) => StateStore;
  /** The same text for every URL of one place, as far as URLs can tell. */
  readonly placeOf: (url: string) => string;
}

/** Loaded when first needed: whoever runs on SQLite never loads a Redis client. */
const redis = async (): Promise<Room> => {
  const { openRedisStore } = await import('./redis/store.ts');
  const { redisPlace } = await import('./redis/place.ts');
  return { open: openRedisStore, placeOf: redisPlace };
};
const sqlite = async (): Promise<Room> => {
  const { openSqliteStore, sqlitePlace } = await import('./sqlite/store.ts');
  return { open: openSqliteStore, placeOf: sqlitePlace };
};
const sql = async (): Promise<Room> => {
  const { openSqlStore, sqlPlace } = await import('./sql/store.ts');
  return { open: openSqlStore, placeOf: sqlPlace };
};
const memory = async (): Promise<Room> => {
  const { openMemoryStore } = await import('./memory/store.ts');
  return { open: openMemoryStore, placeOf: (url) => url };
};

/** Places that are lock, ledger and broker at once. */
const ROOMS: Readonly<Partial<Record<Kind, () => Promise<Room>>>> = {
  ...{ redis, sentinel: redis, sqlite, sql, memory },
};

function roomOf(url: string): (() => Promise<Room>) | undefined {
  const kind = kindOf(url);
  return kind === null ? undefined : ROOMS[kind];
}

/**
 * Opens the broker with its state. Where the two are one place a commit is one step; else an outbox in
 * the state stands between them. Throws a `ConfigError` for a URL that leads nowhere.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { brokerUrl, stateUrl, clock } = options;
  const transport = withinTtl(options);
  if (await isOnePlace(brokerUrl, stateUrl))
    return openRoom('brokerUrl', { ...options, transport });

  const state = await openRoom('stateUrl', {
    ...options,
    transport,
    brokerUrl: stateUrl,
    tls: null,
  });
  const { broker, inspect } = await openBroker(options);
  const ledger = new OutboxLedger(state.ledger, broker, clock, options.outbox, options.latenessOf);
  return {
    lock: state.lock,
    ledger,
    broker,
    inspect: inspectAll(state.inspect, inspect),
    close: async () => {
      await ledger.close();
      await state.close();
    },
  };
}

/** Opens lock and ledger without the broker, for a look at them or a repair. */
export async function openState(options: StoreOptions): Promise<StateStore> {
  const { brokerUrl, stateUrl } = options;
  return openRoom(brokerUrl === stateUrl ? 'brokerUrl' : 'stateUrl', {
    ...options,
    brokerUrl: stateUrl,
    tls: (await isOnePlace(brokerUrl, stateUrl)) ? (options.tls ?? null) : null,
    transport: withinTtl(options),
  });
}

/** Opens the result backend, for chords that beat starts. Throws a `ConfigError` for a URL that leads nowhere. */
export async function openResults(settings: ResultSettings): Promise<ResultBackend | null> {
  const { url } = settings;
  if (url === null) return null;
  const { openRedisResults } = await import('./redis/results.ts');
  return said('resultBackend', () => openRedisResults(url, settings));
}

/**
 * What workers may wait for is too long for a leader: a renewal that is not answered must be tried again
 * before the lock expires.
 */
function withinTtl({ transport, lockTtl }: PlaceOptions): TransportOptions {
  const atMost = (ms: number | null) =>
    ms === null ? null : Math.min(ms, Math.round(lockTtl / 2));
  const { socketTimeout, socketConnectTimeout } = transport;
  return {
    ...transport,
    socketTimeout: atMost(socketTimeout),
    socketConnectTimeout: atMost(socketConnectTimeout),
  };
}

/** One step is better than an outbox, so two spellings of one place should not be taken for two. */
async function isOnePlace(brokerUrl: string, stateUrl: string): Promise<boolean> {
  if (brokerUrl === stateUrl) return true;
  const [load, other] = [roomOf(brokerUrl), roomOf(stateUrl)];
  if (load === undefined || load !== other) return false;
  const { placeOf } = await load();
  const place = said('brokerUrl', () => placeOf(brokerUrl));
  return place === said('stateUrl', () => placeOf(stateUrl));
}

async function openRoom(key: Key, options: PlaceOptions): Promise<StateStore> {
  const load = roomOf(options.brokerUrl);
  if (!load) throw unknownScheme(key, options.brokerUrl);
  const { open } = await load();
  return said(key, () => open(options));
}

async function openBroker(options: StoreOptions): Promise<Pick<Store, 'broker' | 'inspect'>> {
  if (kindOf(options.brokerUrl) === 'amqp') {
    const { openAmqpBroker } = await import('./amqp/broker.ts');
    return { broker: openAmqpBroker(options) };
  }
  // The lock is not here, wherever it is.
  const store = await openRoom('brokerUrl', { ...options, lockUrls: [] });
  const broker: Broker = {
    publish: (messages) => store.broker.publish(messages),
    announce: (messages) => store.broker.announce(messages),
    close: () => store.close(),
  };
  return { broker, inspect: store.inspect };
}

/** What the ledger's servers say of the clock and the lock; what may be dropped is told of both. */
function inspectAll(state: Store['inspect'], broker: Store['inspect']): Store['inspect'] {
  if (!state || !broker) return state ?? broker;
  return async () => {
    const [ours, theirs] = await Promise.all([state(), broker()]);
    return { ...ours, eviction: ours.eviction ?? theirs.eviction };
  };
}

type Key = 'brokerUrl' | 'stateUrl' | 'resultBackend';

/** Rooms call what they are opened with the broker's: errors are said of the right key. */
function said<T>(key: Key, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const own = new Map<unknown, string>([['brokerUrl', key]]);
    if (key === 'resultBackend') own.set('brokerUseSsl', 'redisBackendUseSsl');
    const place = ([first, ...rest]: Diagnostic['path']) => [own.get(first) ?? first!, ...rest];
    throw new ConfigError(
      error.errors.map((problem) => ({ ...problem, path: place(problem.path) })),
    );
  }
}

function unknownScheme(key: Key, url: string): ConfigError {
  const schemes = key === 'brokerUrl' ? BROKER_SCHEMES : STATE_SCHEMES;
  const allowed = schemes.map((scheme) => `${scheme}://`).join(', ');
  const message = `nothing for the scheme "${schemeOf(url)}"; allowed: ${allowed}`;
  return new ConfigError([errorAt([key], message)]);
}
