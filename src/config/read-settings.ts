import { readAlerts, warnOfUnknownEntries, type AlertOverrides } from './alerts/alerts.ts';
import { readConnection, readTransport, checkTransport } from './broker/connection.ts';
import { checkBrokerUrl, checkLockUrls, checkStateUrl, resolveEndpoints, type Endpoints } from './broker/endpoints.ts';
import { checkTls, readTls } from './broker/tls.ts';
import type { ResolveCalendars } from './calendars/calendars.ts';
import { readEntries } from './entry/read-entries.ts';
import type { KeySchema } from './keys/key-schema.ts';
import type { Merged } from './merge.ts';
import { acceptedContent, readEncoding } from './message/encoding.ts';
import { readOutcomes, readResults } from './results/results.ts';
import { readQueues, readRoutes } from './routing/routing.ts';
import { readHistory, readLock } from './service/state.ts';
import { readHttp, type HttpOverrides, readMetrics } from './service/http.ts';
import { readEventStream, readTaskEvents, readRemoteControl } from './service/events.ts';
import { stateNameError } from './routing/check-routes.ts';
import type { Settings } from './settings.ts';
import { readShellSettings } from './shell/shell.ts';
import type { Steps } from '../util/steps.ts';
import type { Report } from './validate.ts';
import { readTimezone, zoneReader } from './values/zone.ts';

/** Settings from flags and environment variables, which win over the configuration. */
export interface Overrides {
  readonly brokerUrl?: string | undefined;
  readonly stateUrl?: string | undefined;
  readonly resultBackend?: string | undefined;
  readonly remoteControl?: boolean | undefined;
  readonly alerts?: AlertOverrides;
  readonly http?: HttpOverrides | undefined;
}

/** Completes valid settings with defaults, and checks them together. `warn` reports warnings without a file. */
export function* readSettings(
  merged: Merged,
  keys: KeySchema,
  overrides: Overrides,
  resolveCalendars: ResolveCalendars,
  warn: Report,
): Steps<Omit<Settings, 'warnings' | 'files'>> {
  const { settings, reportFor, warnFor } = merged;
  const endpoints = readEndpoints(merged, overrides);
  const readZone = zoneReader();
  const timezone = readTimezone(settings, readZone, reportFor('timezone'));
  const readTlsFor = (key: 'brokerUseSsl' | 'redisBackendUseSsl') =>
    readTls(key, settings[key], { keys, report: reportFor(key) });
  const service = {
    ...endpoints,
    ...readLock(settings),
    history: readHistory(settings, reportFor('history')),
    transport: readTransport(settings, warnFor('brokerTransportOptions')),
    results: { ...readResults(settings, overrides.resultBackend, warn), tls: readTlsFor('redisBackendUseSsl') },
  };
  const eventStream = readEventStream(settings, endpoints.broker, warn);
  const outcomes = readOutcomes(settings, service.results, eventStream ? () => {} : warn);
  checkTransport(service, reportFor('brokerTransportOptions'));
  const tls = readTlsFor('brokerUseSsl');
  checkTls(endpoints.broker, tls, reportFor('brokerUseSsl'));
  const error = stateNameError(service.keyPrefix, 'prefix', endpoints.state);
  if (error !== null) reportFor('keyPrefix')(['keyPrefix'], error);
  const checkAccepted = acceptedContent(settings);
  const encoding = readEncoding(settings);
  const setting = settings.taskSerializer === undefined ? 'acceptContent' : 'taskSerializer';
  checkAccepted(encoding.serializer, [setting], reportFor(setting));
  const routing = {
    queues: readQueues(settings, reportFor('taskQueues'), warnFor('taskQueues')),
    routes: readRoutes(settings, reportFor('taskRoutes'), checkAccepted),
  };
  const protocol = settings.taskProtocol ?? 2;
  const shared = { timezone, encoding, protocol, shell: readShellSettings(settings) } as const;
  const read = yield* readEntries(merged, keys, {
    ...service,
    ...routing,
    ...shared,
    resolveCalendars,
    outcomes,
    checkAccepted,
    readZone,
  });
  const alerts = readAlerts(settings, overrides.alerts ?? {}, reportFor('alerts'));
  const names = read.entries.map(({ name }) => name);
  warnOfUnknownEntries(alerts, names, warnFor('alerts'));
  return {
    ...service,
    ...shared,
    outcomes,
    ...read,
    ...routing,
    declareQueues: settings.declareQueues ?? true,
    metrics: readMetrics(settings),
    alerts,
    remoteControl: readRemoteControl(settings, overrides.remoteControl, endpoints.broker, warn),
    eventStream,
    taskEvents: readTaskEvents(settings, endpoints.broker, warn),
    http: readHttp(settings, overrides.http ?? {}, reportFor('http')),
    connection: readConnection(settings, tls),
  };
}

function readEndpoints({ settings, reportFor }: Merged, overrides: Overrides): Endpoints {
  const { stateUrl } = settings;
  for (const key of ['brokerUrl', 'brokerWriteUrl'] as const) {
    const url = settings[key];
    if (url !== undefined) checkBrokerUrl(url, reportFor(key), key);
  }
  if (stateUrl !== undefined) checkStateUrl(stateUrl, reportFor('stateUrl'));
  const endpoints = resolveEndpoints({
    ...settings,
    brokerUrl: overrides.brokerUrl ?? settings.brokerWriteUrl ?? settings.brokerUrl,
    stateUrl: overrides.stateUrl ?? stateUrl,
  });
  checkLockUrls(endpoints, reportFor('lockUrls'));
  return endpoints;
}
