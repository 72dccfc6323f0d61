import { BeatError, ConfigError } from '../../errors.ts';
import { disown } from '../../promise.ts';
import { at } from '../../schedule/at.ts';
import { cron } from '../../schedule/cron.ts';
import { crontab } from '../../schedule/crontab.ts';
import { neverDue } from '../../schedule/never-due.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { timedelta, type TimedeltaParts } from '../../schedule/timedelta.ts';
import { DURATION_FORMS, parseDuration } from '../values/duration.ts';
import { isoOf } from '../values/instant.ts';
import type { Level } from '../names/levels.ts';
import { expected, parse, type Path, type Report } from '../problems.ts';
import { isMap } from '../names/respell.ts';
import { isSchedule, scheduleMapSchema, type ScheduleMapInput } from '../schema/schedules.ts';
import { solarOf } from './solar-input.ts';
import type { ReadZone } from '../values/zone-reader.ts';

/** What stands beside a schedule in its entry. Zones have been checked. */
export interface ScheduleSurroundings {
  readonly relative: boolean;
  /** The entry's own. */
  readonly timezone: string | undefined;
  /** The configuration's. */
  readonly defaultZone: string;
}

const KINDS = ['timedelta', 'crontab', 'cron', 'at', 'solar'] as const;
type Kind = (typeof KINDS)[number];

const SCHEDULES = `a number of seconds, or one of ${KINDS.join(', ')}`;

/** Makes schedules of what users wrote, and equal ones once: a hundred thousand entries share a few. */
export class ScheduleReader {
  readonly #level: Level | undefined;
  readonly #readZone: ReadZone;
  readonly #made = new Map<string, Schedule>();
  readonly #everDue = new WeakSet<Schedule>();

  constructor(level: Level | undefined, readZone: ReadZone) {
    this.#level = level;
    this.#readZone = readZone;
  }

  /** Reports what is wrong, with paths from the entry, and then returns `undefined`. */
  read(input: unknown, around: ScheduleSurroundings, report: Report): Schedule | undefined {
    if (isSchedule(input)) return this.#fromCode(input, around, report);
    const key = keyOf(input, around);
    const known = key === undefined ? undefined : this.#made.get(key);
    if (known) return known;
    const schedule = this.#fromText(input, around, report);
    if (schedule && key !== undefined) this.#made.set(key, schedule);
    return schedule;
  }

  #fromCode(input: Schedule, around: ScheduleSurroundings, report: Report) {
    const schedule = around.relative ? onRoundInstants(input) : input;
    if (!schedule) return void report(['relative'], `is for intervals, and this is ${input.spec}`);
    const moved = attempt(
      () => inZone(schedule, around.timezone ?? around.defaultZone),
      ['schedule'],
      report,
    );
    // One that has a zone of its own does not move.
    if (!moved || !agree(moved.timezone, around.timezone, report)) return undefined;
    return this.#due(moved, ['schedule'], report);
  }

  #fromText(input: unknown, around: ScheduleSurroundings, report: Report) {
    if (typeof input === 'number' || typeof input === 'string') {
      return this.#interval(input, around, report);
    }
    if (!isMap(input)) return void report(['schedule'], expected(SCHEDULES, input));
    const context = { path: ['schedule'], level: this.#level, report };
    const map = parse(scheduleMapSchema, input, context);
    if (!map) return undefined;
    const kinds = KINDS.filter((kind) => map[kind] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      const got = kinds.length > 1 ? kinds.join(' and ') : 'none';
      return void report(['schedule'], `expected one of ${KINDS.join(', ')}, got ${got}`);
    }
    return this.#ofKind(kind, map, around, report);
  }

  #ofKind(kind: Kind, map: ScheduleMapInput, around: ScheduleSurroundings, report: Report) {
    const { relative, defaultZone } = around;
    if (relative && kind !== 'timedelta') {
      report(['relative'], `is for intervals, and this is ${kind}`);
    }
    const own =
      map.timezone === undefined
        ? undefined
        : this.#readZone(map.timezone, ['schedule', 'timezone'], report);
    if (!agree(own, around.timezone, report)) return undefined;
    const timezone = own ?? around.timezone ?? defaultZone;
    const path = ['schedule', kind];
    const made = attempt(() => build(kind, map, timezone, relative), path, report);
    return made && this.#due(made, path, report);
  }

  #interval(input: number | string, around: ScheduleSurroundings, report: Report) {
    const milliseconds = parseDuration(input);
    if (milliseconds === null) {
      const hint = typeof input === 'string' ? "; a crontab line is written {cron: '…'}" : '';
      const allowed = `${DURATION_FORMS}, or one of ${KINDS.join(', ')}`;
      return void report(['schedule'], expected(allowed, input) + hint);
    }
    const { relative, timezone, defaultZone } = around;
    const make = () => inZone(timedelta({ milliseconds }, { relative }), timezone ?? defaultZone);
    return attempt(make, ['schedule'], report);
  }

  /** A search is dear, and most schedules are shared: each is asked once. Once over is not never. */
  #due(schedule: Schedule, path: Path, report: Report): Schedule | undefined {
    if (this.#everDue.has(schedule) || schedule.spec.startsWith('at(')) return schedule;
    const never = attempt(() => neverDue(schedule), path, report);
    if (never) report(path, `${schedule.words ?? schedule.spec}: is never due`);
    if (never !== false) return undefined;
    this.#everDue.add(schedule);
    return schedule;
  }
}

/** The same for equal inputs alone; `undefined` where JSON cannot tell them apart (a Set, a BigInt). */
function keyOf(input: unknown, around: ScheduleSurroundings): string | undefined {
  try {
    return JSON.stringify([input, around], (_, value: unknown) => {
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

function build(kind: Kind, map: ScheduleMapInput, timezone: string, relative: boolean): Schedule {
  switch (kind) {
    case 'timedelta':
      return inZone(timedelta(map.timedelta as TimedeltaParts, { relative }), timezone);
    case 'crontab':
      return crontab(map.crontab, { timezone });
    case 'cron':
      return cron(map.cron!, { timezone });
    case 'at':
      return at(isoOf(map.at!), { timezone });
    case 'solar':
      return solarOf(map.solar!);
  }
}

function inZone(schedule: Schedule, zone: string): Schedule {
  const moved = schedule.inZone?.(zone) ?? schedule;
  if (!disown(moved)) return moved;
  throw new BeatError(`schedule "${schedule.spec}": inZone answered a promise`);
}

/** An interval as `timedelta(…, {relative: true})` makes it: its `spec` says how long it is. */
function onRoundInstants(schedule: Schedule): Schedule | undefined {
  const [, every, round] = /^every\((\d+)ms\)( round .*)?$/.exec(schedule.spec) ?? [];
  if (every === undefined) return undefined;
  if (round !== undefined) return schedule;
  return timedelta({ milliseconds: Number(every) }, { relative: true });
}

function agree(own: string | undefined, entrys: string | undefined, report: Report): boolean {
  if (own === undefined || entrys === undefined || own === entrys) return true;
  report(['timezone'], `"${entrys}" here, but the schedule says "${own}"; keep one of them`);
  return false;
}

/** Runs it; what it throws becomes problems at the path. */
function attempt<T>(make: () => T, path: Path, report: Report): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) report([...path, ...problem.path], problem.message);
    } else {
      report(path, error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }
}
