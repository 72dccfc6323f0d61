import { at } from '../../schedule/at.ts';
import { cron } from '../../schedule/cron/cron.ts';
import { crontab } from '../../schedule/crontab.ts';
import { rrule } from '../../schedule/rrule/rrule.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { timedelta, type TimedeltaParts } from '../../schedule/timedelta.ts';
import { DURATION_FORMS, parseDuration } from '../values/option.ts';
import { toIso } from '../../celery/message/parse-instant.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import { expected, parse, type Report, attempt } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { isSchedule, scheduleMapSchema, type ScheduleMapInput } from './schema.ts';
import { ScheduleBinder, type EntryContext, type WrittenSchedule } from './bind-schedule.ts';
import type { ReadZone } from '../values/zone.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { solar, type SolarEvent } from '../../schedule/solar.ts';

const KINDS = ['timedelta', 'crontab', 'cron', 'at', 'solar', 'rrule'] as const;
type Kind = (typeof KINDS)[number];

const SCHEDULES = `a number of seconds, or one of ${KINDS.join(', ')}`;

/** Parses schedules. Equal ones are parsed once, because a hundred thousand entries share a few schedules. */
export class ScheduleReader {
  readonly #keys: KeySchema | undefined;
  readonly #readZone: ReadZone;
  readonly #binder = new ScheduleBinder();
  readonly #written = new Map<string, WrittenSchedule>();

  constructor(keys: KeySchema | undefined, readZone: ReadZone) {
    this.#keys = keys;
    this.#readZone = readZone;
  }

  /** Reports errors, and warns of schedules that are probably mistakes. */
  read(input: unknown, entry: EntryContext, report: Report, warn: Report): Schedule | undefined {
    const written = isSchedule(input)
      ? { schedule: input, path: ['schedule'], zone: undefined }
      : this.#readOnce(input, report);
    return written && this.#binder.bind(written, entry, report, warn);
  }

  #readOnce(input: unknown, report: Report): WrittenSchedule | undefined {
    const key = encodeKey(input);
    const known = key === undefined ? undefined : this.#written.get(key);
    if (known) return known;
    const written = this.#parse(input, report);
    if (written && key !== undefined) this.#written.set(key, written);
    return written;
  }

  #parse(input: unknown, report: Report): WrittenSchedule | undefined {
    if (typeof input === 'number' || typeof input === 'string') return parseInterval(input, report);
    if (isUnnamed(input)) return void report(['schedule'], UNNAMED);
    if (!isMap(input)) return void report(['schedule'], expected(SCHEDULES, input));
    const context = { path: ['schedule'], keys: this.#keys, report };
    const map = parse(scheduleMapSchema, input, context);
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
    const zone =
      map.timezone === undefined ? undefined : this.#readZone(map.timezone, ['schedule', 'timezone'], report);
    const path = ['schedule', kind];
    const schedule = attempt(() => build(kind, map), path, report);
    if (!schedule || (map.timezone !== undefined && zone === undefined)) return undefined;
    return { schedule, path, zone };
  }
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

/** A text that is the same only for equal inputs; `undefined` if JSON cannot represent the input (a Set, a BigInt). */
function encodeKey(input: unknown): string | undefined {
  try {
    return JSON.stringify(input, (_, value: unknown) => {
      const plain =
        typeof value === 'object'
          ? value === null || Array.isArray(value) || isMap(value)
          : typeof value !== 'number' || Number.isFinite(value);
      if (!plain) throw new TypeError('not for JSON');
      return value;
    });
  } catch {
    return undefined;
  }
}

/** Creates a schedule without a zone; the entry determines the zone. */
function build(kind: Kind, map: ScheduleMapInput): Schedule {
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
