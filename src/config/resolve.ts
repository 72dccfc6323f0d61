import { reportIllFormed } from '../celery/message/arguments.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { checkBrokerUrl, checkStateUrl } from './broker/endpoints.ts';
import { readCalendars } from './calendars/calendars.ts';
import { IcsFiles } from './calendars/ics-files.ts';
import type { BeatConfig } from '../generated/config-types.ts';
import { readKeySchema, normalizeKeys } from './keys/key-schema.ts';
import { isMap } from '../util/is-map.ts';
import { dropWorkerSettings } from './keys/celery-settings.ts';
import { merge, type Part } from './merge.ts';
import { readSettings, type Overrides } from './read-settings.ts';
import { configSchema, topSchema, type TopSettings } from './schema.ts';
import type { Settings } from './settings.ts';
import { withPlainData } from './source/plain-data.ts';
import { createReporter, sortForReading, type Source } from './source/source.ts';
import { runAtOnce, type Steps } from '../util/steps.ts';
import { parse, tryParse, type Report } from './validate.ts';

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
  if (brokerUrl !== undefined) checkBrokerUrl(brokerUrl, report);
  if (stateUrl !== undefined) checkStateUrl(stateUrl, report);
  const resolveCalendars = readCalendars(merged.settings, merged, icsFiles);
  const settings = yield* readSettings(merged, KEYS, overrides, resolveCalendars, warn);
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
  if (!source.isValid) reportIllFormed(config, [], report);
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
