import type { Broker, BrokerOptions } from '../contracts/broker/broker.ts';
import type { TransportOptions } from '../contracts/broker/connection-settings.ts';
import type { ResultBackend, ResultSettings } from '../contracts/store/results.ts';
import type { StateStoreOptions, StateStore, Store } from '../contracts/store/store.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError, withErrors } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import { findSchemes } from './table.ts';

export interface StoreOptions extends Omit<StateStoreOptions, 'server'>, Omit<BrokerOptions, 'server'> {
  readonly broker: Endpoint;
  /** The store of lock and ledger; equal to `broker` if the broker stores them too. */
  readonly state: Endpoint;
}

export type OpenedStores =
  /** One store is both, and commits in one step. */
  | { readonly store: Store; readonly broker: null }
  /** The state store needs an outbox for the broker. */
  | { readonly store: StateStore; readonly broker: OpenedBroker };

export type OpenedBroker = Pick<Store, 'broker' | 'checkHealth' | 'findSchedulers'>;

/** Opens the broker and the store of its state. Throws a `ConfigError` for an invalid URL. */
export async function openStores(options: StoreOptions): Promise<OpenedStores> {
  const store = await openState(options);
  return (await isOneStore(options)) ? { store, broker: null } : { store, broker: await openBroker(options) };
}

/** Opens lock and ledger without the broker, to read or repair them. */
export async function openState(options: StoreOptions): Promise<StateStore> {
  const isOne = await isOneStore(options);
  return openStateStore(isOne ? 'brokerUrl' : 'stateUrl', isOne ? options.broker : options.state, {
    ...options,
    transport: withinTtl(options),
    tls: isOne ? (options.tls ?? null) : null,
  });
}

export interface ResultOptions extends ResultSettings {
  /** `null` when there is none. */
  readonly backend: Endpoint | null;
}

/** Opens the result backend, for chords that beat starts. Throws a `ConfigError` for an invalid URL. */
export async function openResults(options: ResultOptions): Promise<ResultBackend | null> {
  const { backend } = options;
  if (backend === null) return null;
  const { driver } = backend;
  if (!driver?.loadResults) throw unsupported('resultBackend', backend);
  const open = await loadClient('resultBackend', driver, driver.loadResults);
  return withKey('resultBackend', () => open(backend, options));
}

/** Limits timeouts to half of the lock's TTL: a leader must retry a renewal that timed out before the lock expires. */
function withinTtl({ transport, lockTtl }: StoreOptions): TransportOptions {
  const atMost = (ms: number | null) => (ms === null ? null : Math.min(ms, Math.round(lockTtl / 2)));
  const { socketTimeout, socketConnectTimeout } = transport;
  return { ...transport, socketTimeout: atMost(socketTimeout), socketConnectTimeout: atMost(socketConnectTimeout) };
}

/** Whether two URLs, which may be written differently, name one store: a commit is then one step without an outbox. */
async function isOneStore({ broker, state }: StoreOptions): Promise<boolean> {
  if (broker.url === state.url) return true;
  const { driver } = broker;
  // The drivers `redis` and `sentinel` have the same loader.
  if (!driver?.load || driver.load !== state.driver?.load) return false;
  const { normalize } = await loadClient('brokerUrl', driver, driver.load);
  return withKey('brokerUrl', () => normalize(broker)) === withKey('stateUrl', () => normalize(state));
}

async function openStateStore(key: Key, endpoint: Endpoint, options: Omit<StateStoreOptions, 'server'>) {
  const { driver } = endpoint;
  if (!driver?.load) throw unsupported(key, endpoint);
  const { open } = await loadClient(key, driver, driver.load);
  return withKey(key, () => open({ ...options, server: endpoint }));
}

async function openBroker(options: StoreOptions): Promise<OpenedBroker> {
  const { driver } = options.broker;
  if (driver?.loadBroker) {
    const open = await loadClient('brokerUrl', driver, driver.loadBroker);
    return { broker: open({ ...options, server: options.broker }) };
  }
  // The lock is in the state store.
  const store = await openStateStore('brokerUrl', options.broker, { ...options, locks: [] });
  const broker: Broker = {
    publish: (messages) => store.broker.publish(messages),
    announce: (messages, announceOptions) => store.broker.announce(messages, announceOptions),
    close: () => store.close(),
  };
  return { broker, checkHealth: store.checkHealth, findSchedulers: store.findSchedulers };
}

type Key = 'brokerUrl' | 'stateUrl' | 'resultBackend';

/** Runs `open`, and reports its errors for the setting that has the URL: drivers report `brokerUrl`. */
function withKey<T>(key: Key, open: () => T): T {
  const keys = new Map<unknown, string>([['brokerUrl', key]]);
  if (key === 'resultBackend') keys.set('brokerUseSsl', 'redisBackendUseSsl');
  const rename = ([first, ...rest]: Diagnostic['path']) => [keys.get(first) ?? first!, ...rest];
  return withErrors(open, (problem) => ({ ...problem, path: rename(problem.path) }));
}

function unsupported(key: Key, { scheme }: Endpoint): ConfigError {
  const schemes = findSchemes(({ load, chords }) => {
    if (key === 'resultBackend') return chords;
    return key === 'brokerUrl' || load !== undefined;
  });
  const allowed = schemes.map((name) => `${name}://`).join(', ');
  return new ConfigError([errorAt([key], `unsupported URL scheme "${scheme}"; allowed: ${allowed}`)]);
}
