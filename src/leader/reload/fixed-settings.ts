import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { maskText } from '../../util/mask.ts';

type Path = Diagnostic['path'];

/** Throws a `ConfigError` with each changed setting that needs a restart: connections or stored state depend on it. */
export function checkFixedSettings(before: Settings, after: Settings): void {
  const [old, now] = [listFixed(before), listFixed(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const isUsed = (name: string) =>
    USED_WITH.every(([used, root]) => !used.test(name) || Boolean(old.get(root)) === Boolean(now.get(root)));
  const changed = names.filter((name) => isUsed(name) && !isDeepStrictEqual(old.get(name), now.get(name)));
  if (changed.length === 0) return;
  throw new ConfigError(
    changed.map((name) => {
      const path = name.split('.');
      const [from, to] = [old, now].map((each) => show(path, each.get(name)));
      // Of two URLs, the passwords alone may differ.
      const values = from === to ? '' : ` from ${from} to ${to}`;
      return errorAt(path, `cannot change${values} while beat runs; restart beat to change it`);
    }),
  );
}

/** Settings that are used only with another one. If the other one is added or removed, the error names only that. */
const USED_WITH = [
  [/^event/, 'workerSendTaskEvents'],
  [/^(?:outcomes$|result(?!Backend$)|redisBackendUseSsl)/, 'resultBackend'],
] as const;

/** The fixed settings, by the name of each in a configuration. Durations are in milliseconds. */
function listFixed(settings: Settings): ReadonlyMap<string, unknown> {
  const { connection, transport, results } = settings;
  const { keepAlive, ...transportOptions } = transport;
  const values = {
    brokerUrl: settings.broker.url,
    stateUrl: settings.state.url,
    lockUrls: settings.locks.map(({ url }) => url),
    lock: { ttl: settings.lock.ttl },
    history: settings.history ?? false,
    keyPrefix: settings.keyPrefix,
    http: settings.http && { host: settings.http.host, port: settings.http.port },
    declareQueues: settings.declareQueues,
    // A running worker consumes the same queue for the same task until it stops.
    shellTask: settings.shell.task,
    shellQueue: settings.shell.queue,
    brokerUseSsl: connection.tls,
    brokerFailoverStrategy: connection.failoverStrategy,
    brokerHeartbeat: connection.heartbeat,
    brokerConnectionTimeout: connection.timeout,
    brokerLoginMethod: connection.login,
    brokerNativeDelayedDeliveryQueueType: connection.delayedType,
    brokerTransportOptions: { ...transportOptions, socketKeepalive: keepAlive },
    resultBackend: results.backend?.url,
    outcomes: settings.outcomes,
    workerSendTaskEvents: settings.eventStream !== null,
    ...(settings.eventStream && {
      eventExchange: settings.eventStream.exchange,
      eventQueuePrefix: settings.eventStream.queuePrefix,
    }),
    // Without a result backend, its other settings are unused.
    ...(results.backend !== null && {
      resultExpires: results.expires,
      resultExtended: results.extended,
      redisBackendUseSsl: results.tls,
      resultBackendTransportOptions: {
        globalKeyprefix: results.keyPrefix,
        resultChordOrdered: results.chordOrdered,
        masterName: results.masterName,
        sentinelKwargs: results.sentinelKwargs,
      },
    }),
  };
  return new Map(leaves([], values));
}

function leaves(path: Path, value: unknown): [name: string, value: unknown][] {
  if (value === null || value === undefined) return [];
  const isMap = typeof value === 'object' && !Array.isArray(value);
  if (!isMap) return [[path.join('.'), value]];
  return Object.entries(value).flatMap(([key, inside]) => leaves([...path, key], inside));
}

const SECRET = /pass|secret|token|caData/i;
const DURATIONS = /^(ttl|maxAge|socketTimeout|socketConnectTimeout|socketKeepalive)$|Heartbeat|Timeout|Expires/;

function show(path: Path, value: unknown): string {
  const name = String(path.at(-1));
  if (value === undefined) return 'none';
  if (SECRET.test(name)) return '**';
  if (typeof value === 'number' && DURATIONS.test(name)) return `${value / 1_000}s`;
  return maskText(JSON.stringify(value));
}
