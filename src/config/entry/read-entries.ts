import { initialTasks } from '../../celery/canvas/canvas.ts';
import { reportIllFormed } from '../../celery/message/arguments.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { parseSerializer } from '../../celery/message/serializers.ts';
import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';
import type { Steps } from '../../util/steps.ts';
import type { ResolveCalendars } from '../calendars/calendars.ts';
import { type KeySchema, normalizeKeys } from '../keys/key-schema.ts';
import type { Merged } from '../merge.ts';
import { type CheckAccepted, warnOfProtocol1 } from '../message/encoding.ts';
import { checkSentHeaders } from '../options/headers.ts';
import { readOptions } from '../options/options.ts';
import { optionTemplates } from '../options/templates.ts';
import { BACKEND_CLEANUP, CLEANUP_ENTRY, explainCleanup, needsCleanup } from '../results/results.ts';
import { routeChecker, stateNameError, type CheckRoute } from '../routing/check-routes.ts';
import { readLimits } from '../schedules/limits.ts';
import { scheduleReader, type ReadSchedule } from '../schedules/schedule-reader.ts';
import type { Settings } from '../settings.ts';
import { expandShell } from '../shell/shell.ts';
import { withoutLinks, SignatureReader } from '../signatures/signature-reader.ts';
import { parse, type Report } from '../validate.ts';
import { parseDuration } from '../values/option.ts';
import { readZone } from '../values/zone.ts';
import { NO_ARGS, readArguments } from './arguments.ts';
import { withStamps, withoutForeignKeys, withoutStrayCanvas } from './other-schedulers.ts';
import { entrySchema, readMissed, type EntryInput } from './schema.ts';
import { applyCall, checkOverlap, checkSize, checkTarget, readTarget } from './task-target.ts';

interface EntrySettings
  extends
    Pick<Settings, 'queues' | 'routes' | 'broker' | 'transport' | 'state' | 'results' | 'outcomes'>,
    Pick<Settings, 'encoding' | 'protocol' | 'shell' | 'timezone'> {
  readonly resolveCalendars: ResolveCalendars;
  readonly checkAccepted: CheckAccepted;
}

interface EntryContext extends EntrySettings, ReturnType<typeof readMissed> {
  readonly keys: KeySchema;
  readonly readSchedule: ReadSchedule;
  readonly checkRoute: CheckRoute;
}

/** The entries of a configuration, and the entry that Celery's beat would install. */
export function* readEntries(
  merged: Merged,
  keys: KeySchema,
  settings: EntrySettings,
): Steps<Pick<Settings, 'entries' | 'installed' | 'definitions'>> {
  const context: EntryContext = {
    ...settings,
    ...readMissed(merged.settings),
    keys,
    readSchedule: scheduleReader(keys.inside.get('schedule')),
    checkRoute: routeChecker(settings, merged.reportFor('taskRoutes')),
  };
  const entries: Entry[] = [];
  let isInstalled = false;
  let shells = 0;
  let all = 0;
  for (const { name, input, part } of merged.entries) {
    const entry = readEntry(name, input, context, part);
    if (entry) entries.push(entry);
    // A user's entry of this name takes precedence, even if it is disabled.
    isInstalled ||= name === BACKEND_CLEANUP;
    all += 1;
    if (isMap(input) && input['shell'] !== undefined) shells += 1;
    yield;
  }
  // Without the reporter, which holds the sources: the text of a file may have 100 MB.
  const definitions = entryDefinitions({ ...context, checkRoute: routeChecker(settings, () => {}) });
  if (isInstalled || !needsCleanup(settings.results, { areShell: all > 0 && shells === all })) {
    return { entries, installed: [], definitions };
  }
  const report = explainCleanup(merged.reportFor('beatSchedule'));
  const reporters = { report, warn: merged.warnFor('beatSchedule') };
  const cleanup = readEntry(BACKEND_CLEANUP, CLEANUP_ENTRY, context, reporters);
  if (cleanup) entries.push(cleanup);
  return { entries, installed: [BACKEND_CLEANUP], definitions };
}

function entryDefinitions(context: EntryContext): Definitions {
  const { keys } = context;
  return {
    read(name, given) {
      const errors: Diagnostic[] = [];
      const report: Report = (path, message) => {
        if (errors.length === MAX_PROBLEMS) {
          throw new ConfigError([...errors, errorAt([], 'and more; the rest was not validated')]);
        }
        errors.push(errorAt(path, message));
      };
      const definition = normalizeKeys(given, keys, [name], report);
      reportIllFormed(definition, [name], report);
      const reportEntry: Report = ([, ...path], message) => report(path, message);
      const entry = readEntry(name, definition, context, { report: reportEntry, warn: () => {} });
      if (!entry || errors.length > 0 || !isMap(definition)) throw new ConfigError(errors);
      // Stores the zone, because the default may change. The state contains the last run under another scheduler.
      const timezone = definition.timezone ?? entry.schedule.timezone ?? context.timezone;
      const stored: Record<string, unknown> = { ...definition, timezone };
      delete stored['lastRunAt'];
      return { entry: { ...entry, stored: true }, definition: stored };
    },
    update(definition, fields) {
      const replaced = new Map(Object.entries(definition));
      for (const [key, value] of Object.entries(fields)) {
        replaced.delete(keys.spellings.get(key) ?? key);
        if (value !== null) replaced.set(key, value);
      }
      return Object.fromEntries(replaced);
    },
  };
}

/** Validates one entry of `beatSchedule` with canonical keys. Reports all errors; returns `undefined` after an error. */
function readEntry(
  name: string,
  given: unknown,
  context: EntryContext,
  reporters: { readonly report: Report; readonly warn: Report },
): Entry | undefined {
  let errors = 0;
  const report: Report = (path, message) => {
    errors += 1;
    reporters.report(['beatSchedule', name, ...path], message);
  };
  const warn: Report = (path, message) => reporters.warn(['beatSchedule', name, ...path], message);
  if (name === '') report([], 'an entry needs a name');
  const nameError = stateNameError(name, 'entry', context.state);
  if (nameError !== null) report([], nameError);
  const own = withoutForeignKeys(given, warn);
  const { input: called, command } = expandShell(own, context.shell, context.keys.inside.get('shell'), report);
  const input = withStamps(withoutStrayCanvas(called, report), report);
  const entry = parse(entrySchema, input, { path: [], keys: context.keys, report });
  const raw: Partial<EntryInput> = isMap(input) ? input : {};
  const timezone =
    typeof raw.timezone === 'string' && raw.timezone ? readZone(raw.timezone, ['timezone'], report) : undefined;
  const around = {
    name,
    relative: raw.relative === true,
    timezone,
    defaultZone: context.timezone,
    limits: readLimits(raw, context.resolveCalendars, report),
  };
  const schedule = isMap(input) ? context.readSchedule(raw.schedule, around, report, warn) : undefined;
  const zone = timezone ?? context.timezone;
  const scheduleZone = schedule?.timezone ?? zone;
  const { checkAccepted } = context;
  // The schema reports an invalid one.
  const spelling: unknown = isMap(raw.options) ? raw.options.serializer : undefined;
  const ownSerializer = typeof spelling === 'string' ? parseSerializer(spelling) : undefined;
  checkAccepted(ownSerializer, ['options', 'serializer'], report);
  const serializer = ownSerializer ?? context.encoding.serializer;
  const args = command
    ? { args: NO_ARGS, kwargs: command }
    : readArguments(raw, { zone: scheduleZone, serializer }, report);
  checkSentHeaders(raw.options, report);
  const templates = optionTemplates(scheduleZone);
  templates.read(raw, report, warn);
  const signatures = new SignatureReader({ zone, scheduleZone, serializer, templates, checkAccepted, report, warn });
  const target = isMap(input) ? readTarget(raw, signatures, report) : undefined;
  if (raw.expires !== undefined && isMap(raw.options) && raw.options.expires !== undefined) {
    report(['expires'], 'is present under options too; keep one of them');
  }
  if (errors > 0 || !entry || !schedule || !target) return undefined;
  const deadline = entry.startingDeadline;
  const lastRunAt = parseInstant(entry.lastRunAt, scheduleZone);
  const options = readOptions(entry.options && withoutLinks(entry.options), entry.expires, zone, warn);
  if (context.protocol === 1) warnOfProtocol1(options, warn);
  const call = { ...args, options };
  checkTarget(target, call, context, report);
  if (!checkSize(target, call, report)) return undefined;
  const applied = applyCall(target, call);
  const { overlap = 'allow' } = entry;
  const maxRuntime = parseDuration(entry.maxRuntime ?? null);
  const limited = { overlap, options, canvas: applied.canvas, isShell: command !== undefined };
  checkOverlap(limited, context, report);
  for (const task of applied.canvas ? initialTasks(applied.canvas) : [{ ...call, task: applied.task }]) {
    context.checkRoute(task, report, warn);
  }
  return {
    name,
    ...applied,
    schedule,
    ...call,
    render: templates.renderer(),
    ...(entry.description !== undefined && { description: entry.description }),
    enabled: entry.enabled ?? true,
    missed: entry.missed ?? context.missed,
    maxCatchUp: entry.maxCatchUp ?? context.maxCatchUp,
    startingDeadline: parseDuration(deadline === undefined ? context.startingDeadline : deadline),
    ...(overlap !== 'allow' && { overlap }),
    ...(maxRuntime !== null && { maxRuntime }),
    ...(lastRunAt !== null && { lastRunAt }),
  };
}
