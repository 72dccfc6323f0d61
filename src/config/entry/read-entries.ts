import type { Entry } from '../../entries/catalog/entry.ts';
import type { Steps } from '../../util/steps.ts';
import { type KeySchema, normalizeKeys } from '../keys/key-schema.ts';
import type { Merged } from '../merge.ts';
import { BACKEND_CLEANUP, CLEANUP_ENTRY, explainCleanup, needsCleanup } from '../results/results.ts';
import { RouteChecker } from '../routing/check-routes.ts';
import { ScheduleReader } from '../schedules/schedule-reader.ts';
import type { Settings } from '../settings.ts';
import { readEntry, type EntryContext } from './read-entry.ts';
import { readMissed } from './policies.ts';
import type { Definition, Definitions, ReadDefinition } from '../../entries/catalog/definition.ts';
import { reportIllFormed } from '../../celery/message/arguments.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';
import type { Report } from '../validate.ts';

type Surroundings = Pick<Settings, 'queues' | 'routes' | 'broker' | 'encoding' | 'shell'> &
  Pick<
    EntryContext,
    ('timezone' | 'readZone' | 'results' | 'outcomes') | ('calendars' | 'protocol' | 'checkAccepted' | 'state')
  >;

/** The entries of a configuration, and the entry that Celery's beat would install. */
export function* readEntries(
  merged: Merged,
  configKeys: KeySchema,
  settings: Surroundings,
): Steps<Pick<Settings, 'entries' | 'installed' | 'definitions'>> {
  const { queues, routes, broker, encoding } = settings;
  const keys = configKeys.inside.get('beatSchedule')!.each!;
  const context: EntryContext = {
    ...settings,
    ...readMissed(merged.settings),
    keys,
    serializer: encoding.serializer,
    schedules: new ScheduleReader(keys.inside.get('schedule'), settings.readZone),
    routes: new RouteChecker(queues, routes, broker, merged.reportFor('taskRoutes')),
  };
  const entries: Entry[] = [];
  for (const { name, input, part } of merged.entries) {
    const entry = readEntry(name, input, context, part);
    if (entry) entries.push(entry);
    yield;
  }
  const definitions = new EntryDefinitions(context, keys);
  // A user's entry of this name takes precedence, even if it is disabled.
  const exists = merged.entries.some(({ name }) => name === BACKEND_CLEANUP);
  const inputs = merged.entries.map(({ input }) => input);
  if (exists || !needsCleanup(settings.results, inputs)) {
    return { entries, installed: [], definitions };
  }
  const report = explainCleanup(merged.reportFor('beatSchedule'));
  const reporters = { report, warn: merged.warnFor('beatSchedule') };
  const cleanup = readEntry(BACKEND_CLEANUP, CLEANUP_ENTRY, context, reporters);
  const all = cleanup ? [...entries, cleanup] : entries;
  return { entries: all, installed: [BACKEND_CLEANUP], definitions };
}

/** Reads definitions of stored entries with the settings of the configuration. */
export class EntryDefinitions implements Definitions {
  readonly #context: EntryContext;
  readonly #keys: KeySchema;

  constructor(context: EntryContext, keys: KeySchema) {
    this.#context = context;
    this.#keys = keys;
  }

  read(name: string, given: Definition): ReadDefinition {
    const errors: Diagnostic[] = [];
    const report: Report = (path, message) => {
      if (errors.length === MAX_PROBLEMS) {
        throw new ConfigError([...errors, errorAt([], 'and more; the rest was not validated')]);
      }
      errors.push(errorAt(path, message));
    };
    const definition = normalizeKeys(given, this.#keys, [name], report);
    reportIllFormed(definition, [name], report);
    const reportEntry: Report = ([, ...path], message) => {
      report(path, message);
    };
    const reporters = { report: reportEntry, warn: () => {} };
    const entry = readEntry(name, definition, this.#context, reporters);
    if (!entry || errors.length > 0 || !isMap(definition)) throw new ConfigError(errors);
    // Stores the zone, because the default may change.
    const timezone = definition.timezone ?? entry.schedule.timezone ?? this.#context.timezone;
    return { entry: { ...entry, stored: true }, definition: { ...withoutLastRun(definition), timezone } };
  }

  update(definition: Definition, fields: Definition): Definition {
    const names = this.#keys.spellings;
    const replaced = new Map(Object.entries(definition));
    for (const [key, value] of Object.entries(fields)) {
      replaced.delete(names.get(key) ?? key);
      if (value !== null) replaced.set(key, value);
    }
    return Object.fromEntries(replaced);
  }
}

/** The stored state already contains the last run under the other scheduler. */
function withoutLastRun({ lastRunAt: _, ...definition }: Definition): Definition {
  return definition;
}
