import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import {
  BACKEND_CLEANUP,
  CLEANUP_ENTRY,
  explained,
  wantsCleanup,
} from './results/backend-cleanup.ts';
import type { BeatConfig } from './define.ts';
import { acceptedBy } from './message/accept-content.ts';
import { troubleWithName } from './service/state-limits.ts';
import { readEncoding } from './message/encoding.ts';
import { readEntry, type EntryContext } from './entry/read-entry.ts';
import { readTaskEvents } from './service/events.ts';
import { leaveOut } from './keys/worker-settings.ts';
import { levelOf, type Level } from './keys/key-schema.ts';
import { reportIllFormed } from '../message/well-formed.ts';
import { merge, type Merged, type Part } from './merge.ts';
import { withPlainData } from './source/plain-data.ts';
import { tryParse, parse, type Report } from './validate.ts';
import { isMap, respell } from './keys/normalize-keys.ts';
import { readResults } from './results/results.ts';
import { readQueues, readRoutes } from './routing/routing.ts';
import { ScheduleReader } from './schedules/schedule-reader.ts';
import { configSchema, topSchema, type TopSettings } from './schema.ts';
import {
  checkBrokerUrl,
  checkLockUrls,
  checkStateUrl,
  placesOf,
  type Places,
} from './broker/endpoints.ts';
import { checkTogether, readConnection, readLock } from './broker/connection.ts';
import type { Settings } from './settings.ts';
import { inReadingOrder, reporter, type Source } from './source/source.ts';
import { RouteTrial } from './routing/check-routes.ts';
import { checkTlsOf, readTls, readTransport } from './broker/transport.ts';
import { zoneReader, type ReadZone } from './values/zone.ts';

/** What stands above the configuration: flags and environment variables. */
export interface Overrides {
  readonly brokerUrl?: string | undefined;
  readonly stateUrl?: string | undefined;
  readonly resultBackend?: string | undefined;
}

const CONFIG_LEVEL = levelOf(configSchema, true)!;
const ENTRY_LEVEL = CONFIG_LEVEL.inside.get('beatSchedule')?.each;

/** Validates a configuration made in code. Throws one `ConfigError` with every problem found. */
export function resolveSettings(config: BeatConfig, overrides: Overrides = {}): Settings {
  return resolveSources([{ config, errors: [] }], overrides);
}

/** Validates what was read, all sources as one configuration. Throws like `resolveSettings`. */
export function resolveSources(given: readonly Source[], overrides: Overrides = {}): Settings {
  const sources = given.map(withPlainData);
  const diagnostics: Diagnostic[] = sources.flatMap((source) => source.errors);
  const read = (source: Source) => readPart(source, CONFIG_LEVEL, diagnostics);
  const merged = merge(
    sources.filter(({ config }) => config !== undefined).map(read),
    sources.flatMap(({ copies = [] }) => copies).map(read),
  );
  const { brokerUrl, stateUrl } = overrides;
  const report: Report = (path, message) => diagnostics.push(errorAt(path, message));
  if (brokerUrl !== undefined) checkBrokerUrl(brokerUrl, report);
  if (stateUrl !== undefined) checkStateUrl(stateUrl, report);
  const warn: Report = (path, message) => diagnostics.push({ severity: 'warning', path, message });
  const settings = readSettings(merged, sources, overrides, warn);
  const sorted = inReadingOrder(diagnostics, sources);
  const errors = sorted.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ConfigError(errors);
  return { ...settings, warnings: sorted };
}

function readPart(source: Source, level: Level, diagnostics: Diagnostic[]): Part {
  const report = reporter(source, level, 'error', diagnostics);
  const warn = reporter(source, level, 'warning', diagnostics);
  // An empty file is an empty configuration: YAML reads it as null.
  const spelled = respell(source.config ?? {}, level, [], report);
  const config = leaveOut(spelled, level, report, warn);
  reportIllFormed(config, [], report);
  const top = parse(topSchema, config, { path: [], level, report });
  const { beatSchedule: entries = {}, ...settings } = top ?? soundPart(config);
  return { source, report, warn, settings, entries };
}

/** What can be used of settings of which some are wrong, so that the rest is looked into as well. */
function soundPart(config: unknown): TopSettings {
  if (!isMap(config)) return {};
  const sound = Object.entries(topSchema.shape).filter(([key, schema]) => {
    const result = tryParse(schema, config[key]);
    return typeof result !== 'string' && result.success;
  });
  return Object.fromEntries(sound.map(([key]) => [key, config[key]]));
}

function readSettings(
  merged: Merged,
  sources: readonly Source[],
  overrides: Overrides,
  warn: Report,
): Omit<Settings, 'warnings'> {
  const { settings, reportOf } = merged;
  const places = readPlaces(merged, overrides);
  const readZone = zoneReader();
  const timezone = readTimezone(merged, readZone);
  const service = {
    ...places,
    lock: readLock(settings.lock, reportOf('lock')),
    transport: readTransport(
      settings.brokerTransportOptions,
      merged.warnOf('brokerTransportOptions'),
    ),
    results: {
      ...readResults(settings, overrides.resultBackend, warn),
      tls: readTls('redisBackendUseSsl', merged, CONFIG_LEVEL),
    },
  };
  const options = 'brokerTransportOptions';
  checkTogether(service, reportOf(options));
  const tls = readTls('brokerUseSsl', merged, CONFIG_LEVEL);
  checkTlsOf(service.brokerUrl, tls, reportOf('brokerUseSsl'));
  const keyPrefix = settings.keyPrefix ?? 'beat';
  const trouble = troubleWithName(keyPrefix, 'prefix', service.stateUrl);
  if (trouble !== null) reportOf('keyPrefix')(['keyPrefix'], trouble);
  const checkAccepted = acceptedBy(settings);
  const setting = settings.taskSerializer === undefined ? 'acceptContent' : 'taskSerializer';
  checkAccepted(readEncoding(settings).serializer, [setting], reportOf(setting));
  const routing = {
    queues: readQueues(settings, reportOf('taskQueues'), merged.warnOf('taskQueues')),
    routes: readRoutes(settings, reportOf('taskRoutes'), checkAccepted),
  };
  return {
    ...service,
    timezone,
    ...readEntries(merged, { ...service, ...routing, checkAccepted }, timezone, readZone),
    keyPrefix,
    ...routing,
    declareQueues: settings.declareQueues ?? true,
    encoding: readEncoding(settings),
    protocol: settings.taskProtocol ?? 2,
    taskEvents: readTaskEvents(settings, places.brokerUrl, warn),
    connection: readConnection(settings, tls, reportOf),
    files: sources.flatMap(({ file }) => file ?? []),
  };
}

function readPlaces({ settings, reportOf }: Merged, overrides: Overrides): Places {
  const { stateUrl } = settings;
  for (const key of ['brokerUrl', 'brokerWriteUrl'] as const) {
    const url = settings[key];
    if (url !== undefined) checkBrokerUrl(url, reportOf(key), key);
  }
  if (stateUrl !== undefined) checkStateUrl(stateUrl, reportOf('stateUrl'));
  const places = placesOf({
    ...settings,
    brokerUrl: overrides.brokerUrl ?? settings.brokerWriteUrl ?? settings.brokerUrl,
    stateUrl: overrides.stateUrl ?? stateUrl,
  });
  checkLockUrls(places, reportOf('lockUrls'));
  return places;
}

function readEntries(
  merged: Merged,
  around: Pick<Settings, 'results' | 'queues' | 'routes' | 'brokerUrl' | 'stateUrl'> &
    Pick<EntryContext, 'checkAccepted'>,
  timezone: string,
  readZone: ReadZone,
): Pick<Settings, 'entries' | 'installed'> {
  const { missed = 'once', missedCap = 1_000, startingDeadline = null } = merged.settings;
  const schedules = new ScheduleReader(ENTRY_LEVEL?.inside.get('schedule'), readZone);
  const level = ENTRY_LEVEL;
  const { serializer } = readEncoding(merged.settings);
  const defaults = { missed, missedCap, startingDeadline, serializer };
  const { queues, routes, brokerUrl, stateUrl } = around;
  const trial = new RouteTrial(queues, routes, brokerUrl, merged.reportOf('taskRoutes'));
  const { results, checkAccepted } = around;
  const protocol = merged.settings.taskProtocol ?? 2;
  const celerys = { trial, results, protocol, checkAccepted, stateUrl };
  const context: EntryContext = { level, schedules, readZone, timezone, ...celerys, ...defaults };
  const written = merged.entries.flatMap(
    ({ name, input, part }) => readEntry(name, input, context, part) ?? [],
  );
  // One that the user wrote under this name stands, a disabled one too.
  const taken = merged.entries.some(({ name }) => name === BACKEND_CLEANUP);
  if (taken || !wantsCleanup(around.results)) return { entries: written, installed: [] };
  const { reportOf, warnOf } = merged;
  const part = { report: explained(reportOf('beatSchedule')), warn: warnOf('beatSchedule') };
  const cleanup = readEntry(BACKEND_CLEANUP, CLEANUP_ENTRY, context, part);
  return { entries: cleanup ? [...written, cleanup] : written, installed: [BACKEND_CLEANUP] };
}

function readTimezone({ settings, reportOf }: Merged, readZone: ReadZone): string {
  if (settings.timezone !== undefined) {
    return readZone(settings.timezone, ['timezone'], reportOf('timezone')) ?? 'UTC';
  }
  return settings.enableUtc === false ? hostZone() : 'UTC';
}

function hostZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
