import { BeatError, ConfigError, describeError } from '../../util/errors.ts';
import { markHandled } from '../../util/promise.ts';
import { isNeverDue } from '../../schedule/never-due.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { timedelta } from '../../schedule/timedelta.ts';
import type { Path, Report } from '../validate.ts';
import { isSchedule } from './schema.ts';

/** What stands beside a schedule in its entry. Zones have been checked. */
export interface ScheduleSurroundings {
  /** The name of the entry. */
  readonly name: string;
  readonly relative: boolean;
  /** The entry's own. */
  readonly timezone: string | undefined;
  /** The configuration's. */
  readonly defaultZone: string;
}

/** A schedule as it was written, before its entry has a say. */
export interface WrittenSchedule {
  readonly schedule: Schedule;
  /** Where its errors are reported, from the entry. */
  readonly path: Path;
  /** The zone that stands beside it, if any. */
  readonly zone: string | undefined;
}

/** Makes a schedule that of its entry: on round instants, in a zone, under a name. */
export class SchedulePlacement {
  readonly #everDue = new WeakSet<Schedule>();

  /** Reports errors, with paths from the entry, and then returns `undefined`. */
  place(
    written: WrittenSchedule,
    around: ScheduleSurroundings,
    report: Report,
    warn: Report,
  ): Schedule | undefined {
    // Each part of a user's schedule may be a getter that throws.
    return attempt(
      () => this.#place(written, around, report, warn),
      written.path,
      (at, reason) => report(at, `cannot be read, as it threw: ${reason}`),
    );
  }

  #place(
    { schedule: written, path, zone }: WrittenSchedule,
    around: ScheduleSurroundings,
    report: Report,
    warn: Report,
  ): Schedule | undefined {
    const round = around.relative ? onRoundInstants(written) : undefined;
    if (around.relative && round === undefined) {
      const kind = String(path[1] ?? written.spec);
      warn(['relative'], `ignored: it is for intervals, and this is ${kind}`);
    }
    const wanted = zone ?? around.timezone ?? around.defaultZone;
    const moved = attempt(() => inZone(round ?? written, wanted), path, report);
    // One that has a zone of its own does not move.
    if (!moved || !agree(zone ?? moved.timezone, around.timezone, report)) return undefined;
    const bound = attempt(() => forEntry(moved, around.name), path, report);
    if (!bound || !this.#due(bound, path, report)) return undefined;
    for (const warning of bound.warnings ?? []) {
      warn([...path, ...warning.path], warning.message);
    }
    return bound;
  }

  /** A search is dear, and most schedules are shared: each is asked once. Once over is not never. */
  #due(schedule: Schedule, path: Path, report: Report): boolean {
    if (this.#everDue.has(schedule) || /^(?:at|every)\(/.test(schedule.spec)) return true;
    const never = attempt(
      () => isNeverDue(schedule),
      path,
      (at, reason) => report(at, `its next() failed: ${reason}`),
    );
    if (never) report(path, `${schedule.description ?? schedule.spec}: is never due`);
    if (never !== false) return false;
    this.#everDue.add(schedule);
    return true;
  }
}

function inZone(schedule: Schedule, zone: string): Schedule {
  return atOnce(schedule, 'inZone', schedule.inZone?.(zone) ?? schedule);
}

function forEntry(schedule: Schedule, name: string): Schedule {
  return atOnce(schedule, 'forEntry', schedule.forEntry?.(name) ?? schedule);
}

function atOnce(schedule: Schedule, method: string, answer: unknown): Schedule {
  const isPromise = markHandled(answer);
  if (!isPromise && isSchedule(answer)) return answer;
  const what = isPromise ? 'a promise' : 'something else than a schedule';
  throw new BeatError(`schedule "${schedule.spec}": ${method} answered ${what}`);
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

/** Runs it; what it throws becomes errors at the path. */
export function attempt<T>(make: () => T, path: Path, report: Report): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.errors) report([...path, ...problem.path], problem.message);
    } else {
      report(path, describeError(error));
    }
    return undefined;
  }
}
