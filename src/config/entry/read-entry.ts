import { initialTasks } from '../../celery/canvas/canvas.ts';
import type { Entry, MissedPolicy } from '../../entries/catalog/entry.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { parseSerializer, type SerializerName } from '../../celery/message/serializers.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';
import type { Duration } from '../../generated/config-types.ts';
import type { Calendars } from '../calendars/calendars.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import { type CheckAccepted, warnOfProtocol1 } from '../message/encoding.ts';
import { checkHeaders, checkStamps } from '../options/headers.ts';
import { readOptions } from '../options/options.ts';
import { withStamps, withoutForeignKeys, withoutStrayCanvas } from './other-schedulers.ts';
import { OptionTemplates } from '../options/templates.ts';
import type { RouteChecker } from '../routing/check-routes.ts';
import { readLimits } from '../schedules/limits.ts';
import type { ScheduleReader } from '../schedules/schedule-reader.ts';
import { stateNameError } from '../routing/broker-limits.ts';
import { withoutLinks, SignatureReader } from '../signatures/signature-reader.ts';
import type { ShellSettings } from '../settings.ts';
import { expandShell } from '../shell/shell.ts';
import { parse, type Report } from '../validate.ts';
import { parseDuration } from '../values/option.ts';
import type { ReadZone } from '../values/zone.ts';
import { NO_ARGS, readArguments } from './arguments.ts';
import { checkOverlap } from './policies.ts';
import { entrySchema, type EntryInput } from './schema.ts';
import { applyCall, checkSize, checkTarget, readTarget } from './task-target.ts';

/** The settings that apply to an entry, and the readers of its parts. */
export interface EntryContext {
  readonly keys: KeySchema | undefined;
  readonly schedules: ScheduleReader;
  readonly calendars: Calendars;
  readonly readZone: ReadZone;
  readonly timezone: string;
  readonly missed: MissedPolicy;
  readonly maxCatchUp: number;
  readonly startingDeadline: Duration | null;
  readonly serializer: SerializerName;
  readonly routes: RouteChecker;
  readonly results: ResultOptions;
  readonly shell: ShellSettings;
  readonly protocol: 1 | 2;
  readonly checkAccepted: CheckAccepted;
  readonly state: Endpoint;
  readonly broker: Endpoint;
  readonly outcomes: boolean;
}

interface Reporters {
  readonly report: Report;
  readonly warn: Report;
}

/**
 * Validates one entry of `beatSchedule` with canonical keys. Reports all errors; returns `undefined` after an error.
 */
export function readEntry(
  name: string,
  given: unknown,
  context: EntryContext,
  { report: reportError, warn: reportWarning }: Reporters,
): Entry | undefined {
  let errors = 0;
  const report: Report = (path, message) => {
    errors += 1;
    reportError(['beatSchedule', name, ...path], message);
  };
  const warn: Report = (path, message) => reportWarning(['beatSchedule', name, ...path], message);
  if (name === '') report([], 'an entry needs a name');
  const nameError = stateNameError(name, 'entry', context.state);
  if (nameError !== null) report([], nameError);
  const own = withoutForeignKeys(given, warn);
  const shellContext = { shell: context.shell, keys: context.keys?.inside.get('shell') };
  const { input: called, command } = expandShell(own, shellContext, report);
  const input = withStamps(withoutStrayCanvas(called, report), report);
  const entry = parse(entrySchema, input, { path: [], keys: context.keys, report });
  const raw: Partial<EntryInput> = isMap(input) ? input : {};
  const timezone =
    typeof raw.timezone === 'string' && raw.timezone ? context.readZone(raw.timezone, ['timezone'], report) : undefined;
  const around = {
    name,
    relative: raw.relative === true,
    timezone,
    defaultZone: context.timezone,
    limits: readLimits(raw, context.calendars, report),
  };
  const schedule = isMap(input) ? context.schedules.read(raw.schedule, around, report, warn) : undefined;
  const zone = timezone ?? context.timezone;
  const scheduleZone = schedule?.timezone ?? zone;
  const { checkAccepted } = context;
  const ownSerializer = findSerializer(raw);
  checkAccepted(ownSerializer, ['options', 'serializer'], report);
  const serializer = ownSerializer ?? context.serializer;
  const args = command
    ? { args: NO_ARGS, kwargs: command }
    : readArguments(raw, { zone: scheduleZone, serializer }, report);
  if (isMap(raw.options)) {
    checkHeaders(raw.options.headers, ['options', 'headers'], report);
    checkStamps(raw.options.stamps, ['options', 'stamps'], report);
  }
  const templates = new OptionTemplates(scheduleZone);
  templates.read(raw, report, warn);
  const signatures = { zone, scheduleZone, serializer, templates, checkAccepted, warn };
  const target = isMap(input) ? readTarget(raw, new SignatureReader(signatures, report), report) : undefined;
  if (raw.expires !== undefined && isMap(raw.options) && raw.options.expires !== undefined) {
    report(['expires'], 'is present under options too; keep one of them');
  }
  if (errors > 0 || !entry || !schedule || !target) return undefined;
  const deadline = entry.startingDeadline;
  const lastRunAt = parseInstant(entry.lastRunAt, scheduleZone);
  const plain = entry.options && withoutLinks(entry.options);
  const options = readOptions(plain, entry.expires, zone, warn);
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
    context.routes.check(task, report, warn);
  }
  return {
    name,
    ...applied,
    schedule,
    ...call,
    render: templates.render,
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

/** The entry's own serializer; an invalid one is reported by the schema. */
function findSerializer({ options }: Partial<EntryInput>): SerializerName | undefined {
  const spelling: unknown = isMap(options) ? options.serializer : undefined;
  return typeof spelling === 'string' ? parseSerializer(spelling) : undefined;
}
