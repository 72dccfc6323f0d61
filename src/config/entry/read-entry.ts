import { initialTasks } from '../../canvas/canvas.ts';
import type { Entry, MissedPolicy } from '../../catalog/entry.ts';
import { parseSerializer } from '../../message/serializers/find.ts';
import type { SerializerName } from '../../message/serializers/serializer.ts';
import { readArguments } from './arguments.ts';
import { calledBy, checkCalled, readCalled } from './task-target.ts';
import { parseDuration } from '../values/duration.ts';
import type { Duration } from '../define/times.ts';
import { checkHeaders, checkStamps } from '../options/headers.ts';
import { warnOfProtocol1 } from '../message/encoding.ts';
import type { Level } from '../keys/key-schema.ts';
import { OptionTemplates } from '../options/templates.ts';
import { readOptions } from '../options/options.ts';
import type { Part } from '../merge.ts';
import { parse, type Report } from '../validate.ts';
import { isMap } from '../keys/normalize-keys.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { troubleWithName } from '../service/state-limits.ts';
import { withoutForeignKeys } from './foreign-keys.ts';
import { withoutLinks } from '../signatures/options.ts';
import { SignatureReader } from '../signatures/signature-reader.ts';
import { withStamps } from '../options/stamps.ts';
import { withoutStrayCanvas } from './stray-canvas.ts';
import type { ResultSettings } from '../../store/results.ts';
import type { RouteTrial } from '../routing/check-routes.ts';
import type { ScheduleReader } from '../schedules/schedule-reader.ts';
import { entrySchema, type EntryInput } from './schema.ts';
import type { ReadZone } from '../values/zone.ts';

/** What an entry takes from the settings around it, and what reads its parts. */
export interface EntryContext {
  readonly level: Level | undefined;
  readonly schedules: ScheduleReader;
  readonly readZone: ReadZone;
  readonly timezone: string;
  readonly missed: MissedPolicy;
  readonly missedCap: number;
  readonly startingDeadline: Duration | null;
  readonly serializer: SerializerName;
  readonly trial: RouteTrial;
  readonly results: ResultSettings;
  readonly protocol: 1 | 2;
  readonly checkAccepted: CheckAccepted;
  readonly stateUrl: string;
}

/**
 * One row of `beatSchedule`, names already canonical. Every part is read even if another is wrong, so
 * that all errors come at once; after any, the answer is `undefined`.
 */
export function readEntry(
  name: string,
  given: unknown,
  context: EntryContext,
  { report, warn }: Pick<Part, 'report' | 'warn'>,
): Entry | undefined {
  let found = 0;
  const note: Report = (path, message) => {
    found += 1;
    report(['beatSchedule', name, ...path], message);
  };
  const comment: Report = (path, message) => warn(['beatSchedule', name, ...path], message);
  if (name === '') note([], 'an entry needs a name');
  const trouble = troubleWithName(name, 'entry', context.stateUrl);
  if (trouble !== null) note([], trouble);
  const own = withoutForeignKeys(given, comment);
  const input = withStamps(withoutStrayCanvas(own, note), note);
  const entry = parse(entrySchema, input, { path: [], level: context.level, report: note });
  const raw: Partial<EntryInput> = isMap(input) ? input : {};
  const timezone =
    typeof raw.timezone === 'string' && raw.timezone
      ? context.readZone(raw.timezone, ['timezone'], note)
      : undefined;
  const around = { name, relative: raw.relative === true, timezone, defaultZone: context.timezone };
  const schedule = isMap(input)
    ? context.schedules.read(raw.schedule, around, note, comment)
    : undefined;
  const ownZone = schedule?.timezone ?? timezone ?? context.timezone;
  const asked = serializerOf(raw);
  context.checkAccepted(asked, ['options', 'serializer'], note);
  const serializer = asked ?? context.serializer;
  const args = readArguments(raw, { zone: ownZone, serializer }, note);
  if (isMap(raw.options)) {
    checkHeaders(raw.options.headers, ['options', 'headers'], note);
    checkStamps(raw.options.stamps, ['options', 'stamps'], note);
  }
  const zone = timezone ?? context.timezone;
  const templates = new OptionTemplates(ownZone);
  templates.read(raw, note, comment);
  const { checkAccepted } = context;
  const signing = {
    zone,
    scheduleZone: ownZone,
    serializer,
    templates,
    checkAccepted,
    warn: comment,
  };
  const called = isMap(input)
    ? readCalled(raw, new SignatureReader(signing, note), note)
    : undefined;
  if (raw.expires !== undefined && isMap(raw.options) && raw.options.expires !== undefined) {
    note(['expires'], 'is given under options too; keep one of them');
  }
  if (found > 0 || !entry || !schedule || !called) return undefined;
  const deadline = entry.startingDeadline;
  const plain = entry.options && withoutLinks(entry.options);
  const options = readOptions(plain, entry.expires, zone, comment);
  if (context.protocol === 1) warnOfProtocol1(options, comment);
  const parts = { ...args, options };
  checkCalled(called, parts, context, note);
  const calls = calledBy(called, parts);
  for (const task of calls.canvas ? initialTasks(calls.canvas) : [{ ...parts, task: calls.task }]) {
    context.trial.try(task, note, comment);
  }
  return {
    name,
    ...calls,
    schedule,
    ...parts,
    render: templates.render,
    ...(entry.description !== undefined && { description: entry.description }),
    enabled: entry.enabled ?? true,
    missed: entry.missed ?? context.missed,
    missedCap: entry.missedCap ?? context.missedCap,
    startingDeadline: parseDuration(deadline === undefined ? context.startingDeadline : deadline),
  };
}

/** One that is wrong is told elsewhere. */
function serializerOf({ options }: Partial<EntryInput>): SerializerName | undefined {
  const spelling: unknown = isMap(options) ? options.serializer : undefined;
  return typeof spelling === 'string' ? parseSerializer(spelling) : undefined;
}
