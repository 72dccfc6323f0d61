import { at } from '../../schedule/at.ts';
import { cron } from '../../schedule/cron/cron.ts';
import { crontab } from '../../schedule/crontab.ts';
import { jittered } from '../../schedule/limits/limits.ts';
import { isNeverDue } from '../../schedule/next-after.ts';
import { rrule } from '../../schedule/rrule/rrule.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { solar, type SolarEvent } from '../../schedule/solar.ts';
import { timedelta, type TimedeltaParts } from '../../schedule/timedelta.ts';
import { toIso } from '../../celery/message/parse-instant.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { BeatError, ConfigError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';
import { markHandled } from '../../util/promise.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import { attempt, expected, parse, type Path, type Report } from '../validate.ts';
import { DURATION_FORMS, parseDuration } from '../values/option.ts';
import { readZone } from '../values/zone.ts';
import { applyLimits, type Limits } from './limits.ts';
import { isSchedule, scheduleMapSchema, type ScheduleMapInput } from './schema.ts';

const KINDS = ['timedelta', 'crontab', 'cron', 'at', 'solar', 'rrule'] as const;
const SCHEDULES = `a number of seconds, or one of ${KINDS.join(', ')}`;

/** The properties of an entry that apply to its schedule. Zones are valid. */
interface EntryContext {
  readonly name: string;
  readonly relative: boolean;
  readonly timezone: string | undefined;
  readonly defaultZone: string;
  readonly limits: Limits | undefined;
}

/** A schedule as it is written, without the properties of its entry. */
interface WrittenSchedule {
  readonly schedule: Schedule;
  /** The path of its errors from the entry. */
  readonly path: Path;
  readonly zone: string | undefined;
}

/** Reports errors, and warns of schedules that are probably mistakes, with paths from the entry. */
export type ReadSchedule = (input: unknown, entry: EntryContext, report: Report, warn: Report) => Schedule | undefined;

/** Returns a reader of schedules. It parses equal ones once, because a hundred thousand entries share a few schedules. */
export function scheduleReader(keys: KeySchema | undefined): ReadSchedule {
  const parsed = new Map<string | undefined, WrittenSchedule>();
  const everDue = new WeakSet<Schedule>();
  const parseOnce = (input: unknown, report: Report) => {
    // The same only for equal inputs; JSON cannot represent all of them (a Set, a BigInt).
    const key = isJson(input) ? JSON.stringify(input) : undefined;
    const written = parsed.get(key) ?? parseSchedule(input, keys, report);
    if (written && key !== undefined) parsed.set(key, written);
    return written;
  };
  return (input, entry, report, warn) => {
    const made = isSchedule(input) ? { schedule: input, path: ['schedule'], zone: undefined } : undefined;
    const written = made ?? parseOnce(input, report);
    if (!written) return undefined;
    // Every property of a user's schedule may be a getter that throws.
    return attempt(
      () => bind(written, entry, everDue, report, warn),
      written.path,
      (at, reason) => report(at, `cannot be read, it threw: ${reason}`),
    );
  };
}

function parseSchedule(input: unknown, keys: KeySchema | undefined, report: Report): WrittenSchedule | undefined {
  if (typeof input === 'number' || typeof input === 'string') return parseInterval(input, report);
  if (isUnnamed(input)) return void report(['schedule'], UNNAMED);
  if (!isMap(input)) return void report(['schedule'], expected(SCHEDULES, input));
  const map = parse(scheduleMapSchema, input, { path: ['schedule'], keys, report });
  if (!map) return undefined;
  const kinds = KINDS.filter((kind) => map[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const got = kinds.length > 1 ? kinds.join(' and ') : 'none';
    return void report(['schedule'], `expected one of ${KINDS.join(', ')}, got ${got}`);
  }
  if (map.dtstart !== undefined && kind !== 'rrule') {
    return void report(['schedule', 'dtstart'], `applies to rrule, this schedule is ${kind}`);
  }
  const zone = map.timezone === undefined ? undefined : readZone(map.timezone, ['schedule', 'timezone'], report);
  const path = ['schedule', kind];
  const schedule = attempt(() => build(kind, map), path, report);
  if (!schedule || (map.timezone !== undefined && zone === undefined)) return undefined;
  return { schedule, path, zone };
}

function isUnnamed(input: unknown): boolean {
  return typeof input === 'object' && typeof (input as Partial<Schedule> | null)?.next === 'function';
}

const UNNAMED = 'a schedule made in code needs "spec", a text that is equal for equal schedules, besides "next"';

function parseInterval(input: number | string, report: Report): WrittenSchedule | undefined {
  const path = ['schedule'];
  const milliseconds = parseDuration(input);
  if (milliseconds === null) {
    const hint = typeof input === 'string' ? "; write a crontab line as {cron: '…'}" : '';
    const allowed = `${DURATION_FORMS}, or one of ${KINDS.join(', ')}`;
    return void report(path, expected(allowed, input) + hint);
  }
  const schedule = attempt(() => timedelta({ milliseconds }), path, report);
  return schedule && { schedule, path, zone: undefined };
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  return value === null || ((Array.isArray(value) || isMap(value)) && Object.values(value).every(isJson));
}

/** Creates a schedule without a zone; the entry determines the zone. */
function build(kind: (typeof KINDS)[number], map: ScheduleMapInput): Schedule {
  switch (kind) {
    case 'timedelta':
      return timedelta(map.timedelta as TimedeltaParts);
    case 'crontab':
      return crontab(map.crontab);
    case 'cron':
      return cron(map.cron!);
    case 'at':
      return at(toIso(map.at!));
    case 'solar':
      return parseSolar(map.solar!);
    case 'rrule':
      return rrule(map.rrule!, { dtstart: map.dtstart && toIso(map.dtstart) });
  }
}

const NAMES = ['event', 'latitude', 'longitude'] as const;
type Name = (typeof NAMES)[number];

/** Celery's argument names. */
const SHORT: Readonly<Record<string, Name>> = { lat: 'latitude', lon: 'longitude' };

/** Parses `{event, latitude, longitude}`, also with `lat` and `lon`. Throws a `ConfigError` with all errors. */
function parseSolar(map: Readonly<Record<string, unknown>>): Schedule {
  const errors: Diagnostic[] = [];
  const given = new Map<Name, string>();
  for (const key of Object.keys(map).filter((key) => map[key] !== undefined)) {
    if (errors.length === MAX_PROBLEMS) break;
    const name = NAMES.find((name) => name === key || SHORT[key] === name);
    if (name === undefined) {
      const guess = didYouMean(key, NAMES) || `; allowed: ${NAMES.join(', ')}`;
      errors.push(errorAt([key], `is not a part of solar${guess}`));
    } else if (given.has(name)) {
      errors.push(errorAt([key], `is given twice: also as ${given.get(name)!}`));
    } else {
      given.set(name, key);
    }
  }
  const value = (name: Name) => map[given.get(name) ?? name];
  try {
    const schedule = solar(value('event') as SolarEvent, value('latitude') as number, value('longitude') as number);
    if (errors.length === 0) return schedule;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, message } of error.errors) {
      const name = path[0] as Name;
      errors.push(errorAt([given.get(name) ?? name], message));
    }
  }
  throw new ConfigError(errors);
}

/** Binds a schedule to round instants, a zone, the limits and the name of its entry. */
function bind(
  { schedule: written, path, zone }: WrittenSchedule,
  entry: EntryContext,
  everDue: WeakSet<Schedule>,
  report: Report,
  warn: Report,
): Schedule | undefined {
  const round = entry.relative ? toRoundInstants(written) : undefined;
  if (entry.relative && round === undefined) {
    const kind = String(path[1] ?? written.spec);
    warn(['relative'], `ignored: it applies to intervals, this schedule is ${kind}`);
  }
  const timezone = zone ?? entry.timezone ?? entry.defaultZone;
  const own = round ?? written;
  const zoned = attempt(() => expectSchedule(own, 'inZone', own.inZone?.(timezone) ?? own), path, report);
  // A schedule with a zone of its own ignores other zones.
  if (!zoned || !checkZones(zone ?? zoned.timezone, entry.timezone, report)) return undefined;
  const bound = attempt(() => expectSchedule(zoned, 'forEntry', zoned.forEntry?.(entry.name) ?? zoned), path, report);
  if (!bound) return undefined;
  const { limits } = entry;
  const limited = limits ? applyLimits(bound, limits, bound.timezone ?? timezone, report) : bound;
  if (!limited || !checkDue(limited, path, everDue, report)) return undefined;
  for (const warning of bound.warnings ?? []) {
    warn([...path, ...warning.path], warning.message);
  }
  return limits?.jitter ? jittered(limited, limits.jitter, entry.name) : limited;
}

/** Reports a schedule that is never due. Searches each schedule once, because schedules are shared. */
function checkDue(schedule: Schedule, path: Path, everDue: WeakSet<Schedule>, report: Report): boolean {
  if (everDue.has(schedule) || ALWAYS_DUE.test(schedule.spec)) return true;
  const never = attempt(
    () => isNeverDue(schedule),
    path,
    (at, reason) => report(at, `its next() failed: ${reason}`),
  );
  if (never) report(path, `${schedule.description ?? schedule.spec}: is never due`);
  if (never !== false) return false;
  everDue.add(schedule);
  return true;
}

/** Specs of intervals and single instants; a past instant is reported when the entry is scheduled. */
const ALWAYS_DUE = /^(?:at\([^)]*\)|every\(\d+ms\)(?: round \S+| offset \d+ms)?)$/;

function expectSchedule(schedule: Schedule, method: string, result: unknown): Schedule {
  const isPromise = markHandled(result);
  if (!isPromise && isSchedule(result)) return result;
  const what = isPromise ? 'a promise' : 'a value that is not a schedule';
  throw new BeatError(`schedule "${schedule.spec}": ${method} returned ${what}`);
}

/** Converts an interval, recognised by its `spec`, to `timedelta(…, {relative: true})`. */
function toRoundInstants(schedule: Schedule): Schedule | undefined {
  const [, every, round] = /^every\((\d+)ms\)( round .*)?$/.exec(schedule.spec) ?? [];
  if (every === undefined) return undefined;
  if (round !== undefined) return schedule;
  return timedelta({ milliseconds: Number(every) }, { relative: true });
}

/** Reports an entry whose zone differs from the zone of its schedule. */
function checkZones(own: string | undefined, ofEntry: string | undefined, report: Report): boolean {
  if (own === undefined || ofEntry === undefined || own === ofEntry) return true;
  report(['timezone'], `"${ofEntry}" differs from "${own}" in the schedule; remove one of them`);
  return false;
}
