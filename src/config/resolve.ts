import type { BeatConfig } from '../generated/config-types.ts';
import type { Settings } from './settings.ts';
import { ConfigError } from '../util/errors.ts';
import { IcsFiles } from './calendars/ics-files.ts';
import { acceptedContent, readEncoding } from './message/encoding.ts';
import { checkBrokerUrl, checkLockUrls, checkStateUrl, resolveEndpoints, type Endpoints } from './broker/endpoints.ts';
import { checkTls, readTls } from './broker/tls.ts';
import { configSchema, topSchema, type TopSettings } from './schema.ts';
import { createReporter, sortForReading, type Source } from './source/source.ts';
import { dropWorkerSettings } from './keys/celery-settings.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { isMap } from '../util/is-map.ts';
import { merge, type Merged, type Part } from './merge.ts';
import { parse, tryParse, type Report } from './validate.ts';
import { readAlerts, warnOfUnknownEntries, type AlertOverrides } from './alerts/alerts.ts';
import { readCalendars, type ResolveCalendars } from './calendars/calendars.ts';
import { readConnection, readTransport, checkTransport } from './broker/connection.ts';
import { readEntries } from './entry/read-entries.ts';
import { readEventStream, readTaskEvents, readRemoteControl } from './service/events.ts';
import { readPreparation } from './service/preparation.ts';
import { readHistory, readLock } from './service/state.ts';
import { readHttp, type HttpOverrides } from './service/http.ts';
import { readKeySchema, normalizeKeys } from './keys/key-schema.ts';
import { readOutcomes, readResults } from './results/results.ts';
import { readQueues, readRoutes } from './routing/routing.ts';
import { readShellSettings } from './shell/shell.ts';
import { readTimezone } from './values/zone.ts';
import { reportIllFormed } from '../celery/message/arguments.ts';
import { runAtOnce, type Steps } from '../util/steps.ts';
import { stateNameError } from './routing/check-routes.ts';
import { withPlainData } from './source/plain-data.ts';

/** Settings from flags and environment variables, which win over the configuration. */
export interface Overrides {
  readonly brokerUrl?: string | undefined;
  readonly stateUrl?: string | undefined;
  readonly resultBackend?: string | undefined;
  readonly remoteControl?: boolean | undefined;
  readonly alerts?: AlertOverrides;
  readonly http?: HttpOverrides | undefined;
}

const KEYS = readKeySchema(configSchema, true)!;

/** Validates a configuration made in code. Throws one `ConfigError` with every error found. */
export function resolveSettings(config: BeatConfig, overrides: Overrides = {}): Settings {
  return resolveSources([{ config, errors: [] }], overrides);
}

/** The settings of a configuration made in code, which may be validated already. Throws like `resolveSettings`. */
export function toSettings(config: BeatConfig | Settings): Settings {
  const given: unknown = config;
  if (!isMap(given) && !Array.isArray(given)) {
    throw new ConfigError(`expected a map of settings, got ${describeValue(given)}`);
  }
  const isValidated = isMap(given) && Array.isArray(given['entries']);
  return isValidated ? (config as Settings) : resolveSettings(config as BeatConfig);
}

/** Names the kind of a value, such as a promise that was not awaited. */
function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a value of type ${typeof value}`;
  return `an instance of ${value.constructor.name}`;
}

/** The configuration with canonical keys, without absent ones. */
export function withCanonicalKeys<C extends BeatConfig>(config: C): C {
  return normalizeKeys(config, KEYS, [], () => {}) as C;
}

/** Validates all sources as one configuration. Throws like `resolveSettings`. */
export function resolveSources(given: readonly Source[], overrides?: Overrides): Settings {
  return runAtOnce(resolveInSteps(given, overrides));
}

/** Validates in steps: 100,000 entries take seconds. */
export function* resolveInSteps(
  given: readonly Source[],
  overrides: Overrides = {},
  icsFiles = new IcsFiles(),
): Steps<Settings> {
  const sources = given.map(withPlainData);
  const diagnostics: Diagnostic[] = sources.flatMap((source) => source.errors);
  const readable = sources.filter(({ config }) => config !== undefined);
  const parts: Part[] = [];
  for (const source of readable) parts.push(yield* readPart(source, diagnostics));
  const merged = merge(parts);
  yield;
  const report: Report = (path, message) => diagnostics.push(errorAt(path, message));
  const warn: Report = (path, message) => diagnostics.push({ severity: 'warning', path, message });
  const { brokerUrl, stateUrl } = overrides;
  if (brokerUrl !== undefined) checkBrokerUrl(brokerUrl, report, 'brokerUrl', merged.settings.drivers);
  if (stateUrl !== undefined) checkStateUrl(stateUrl, report);
  const resolveCalendars = readCalendars(merged.settings, merged, icsFiles);
  const settings = yield* readSettings(merged, overrides, resolveCalendars, warn);
  const sorted = sortForReading(diagnostics, sources);
  const errors = sorted.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ConfigError(errors);
  return { ...settings, warnings: sorted, files: sources.flatMap(({ file }) => file ?? []) };
}

function* readPart(source: Source, diagnostics: Diagnostic[]): Steps<Part> {
  const report = createReporter(source, KEYS, 'error', diagnostics);
  const warn = createReporter(source, KEYS, 'warning', diagnostics);
  // An empty file is an empty configuration: YAML reads it as null.
  const normalized = normalizeKeys(source.config ?? {}, KEYS, [], report);
  yield;
  const config = dropWorkerSettings(normalized, KEYS, report, warn);
  yield;
  if (!source.isValid && !source.isWellFormed) reportIllFormed(config, [], report);
  yield;
  const top = parse(topSchema, config, { path: [], keys: KEYS, report });
  const { beatSchedule: entries = {}, ...settings } = top ?? validSettings(config);
  return { source, report, warn, settings, entries };
}

/** The valid settings among invalid ones, so that all are checked together. */
function validSettings(config: unknown): TopSettings {
  if (!isMap(config)) return {};
  const valid = Object.entries(topSchema.shape).filter(([key, schema]) => {
    const result = tryParse(schema, config[key]);
    return typeof result !== 'string' && result.success;
  });
  return Object.fromEntries(valid.map(([key]) => [key, config[key]]));
}

/** Completes valid settings with defaults, and checks them together. `warn` reports warnings without a file. */
function* readSettings(
  merged: Merged,
  overrides: Overrides,
  resolveCalendars: ResolveCalendars,
  warn: Report,
): Steps<Omit<Settings, 'warnings' | 'files'>> {
  const { settings, reportFor, warnFor } = merged;
  const endpoints = readEndpoints(merged, overrides);
  const timezone = readTimezone(settings, reportFor('timezone'));
  const readTlsFor = (key: 'brokerUseSsl' | 'redisBackendUseSsl') => readTls(key, settings[key], reportFor(key));
  const service = {
    ...endpoints,
    ...readLock(settings),
    history: readHistory(settings, reportFor('history')),
    preparationMemory: readPreparation(settings),
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
  const read = yield* readEntries(merged, KEYS.inside.get('beatSchedule')!.each!, {
    ...service,
    ...routing,
    ...shared,
    resolveCalendars,
    outcomes,
    checkAccepted,
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
    metrics: { perEntry: settings.metrics?.perEntry ?? 0 },
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
    if (url !== undefined) checkBrokerUrl(url, reportFor(key), key, settings.drivers);
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
