import { BeatError } from '../../util/errors.ts';
import { markHandled } from '../../util/promise.ts';
import { jittered } from '../../schedule/limits/limits.ts';
import { isNeverDue } from '../../schedule/next-after.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { timedelta } from '../../schedule/timedelta.ts';
import { type Path, type Report, attempt } from '../validate.ts';
import { applyLimits, type Limits } from './limits.ts';
import { isSchedule } from './schema.ts';

/** The properties of an entry that apply to its schedule. Zones are valid. */
export interface EntryContext {
  readonly name: string;
  readonly relative: boolean;
  readonly timezone: string | undefined;
  readonly defaultZone: string;
  readonly limits?: Limits | undefined;
}

/** A schedule as it is written, without the properties of its entry. */
export interface WrittenSchedule {
  readonly schedule: Schedule;
  /** The path of its errors from the entry. */
  readonly path: Path;
  readonly zone: string | undefined;
}

/** Binds schedules to their entries: to round instants, a zone and the name of the entry. */
export class ScheduleBinder {
  readonly #everDue = new WeakSet<Schedule>();

  /** Returns `undefined` after it reported errors, with paths from the entry. */
  bind(written: WrittenSchedule, entry: EntryContext, report: Report, warn: Report): Schedule | undefined {
    // Every property of a user's schedule may be a getter that throws.
    return attempt(
      () => this.#bind(written, entry, report, warn),
      written.path,
      (at, reason) => report(at, `cannot be read, it threw: ${reason}`),
    );
  }

  #bind(
    { schedule: written, path, zone }: WrittenSchedule,
    entry: EntryContext,
    report: Report,
    warn: Report,
  ): Schedule | undefined {
    const round = entry.relative ? toRoundInstants(written) : undefined;
    if (entry.relative && round === undefined) {
      const kind = String(path[1] ?? written.spec);
      warn(['relative'], `ignored: it applies to intervals, this schedule is ${kind}`);
    }
    const timezone = zone ?? entry.timezone ?? entry.defaultZone;
    const zoned = attempt(() => inZone(round ?? written, timezone), path, report);
    // A schedule with a zone of its own ignores other zones.
    if (!zoned || !checkZones(zone ?? zoned.timezone, entry.timezone, report)) return undefined;
    const bound = attempt(() => forEntry(zoned, entry.name), path, report);
    if (!bound) return undefined;
    const { limits } = entry;
    const limited = limits ? applyLimits(bound, limits, bound.timezone ?? timezone, report) : bound;
    if (!limited || !this.#checkDue(limited, path, report)) return undefined;
    for (const warning of bound.warnings ?? []) {
      warn([...path, ...warning.path], warning.message);
    }
    return limits?.jitter ? jittered(limited, limits.jitter, entry.name) : limited;
  }

  /** Reports a schedule that is never due. Searches each schedule once, because schedules are shared. */
  #checkDue(schedule: Schedule, path: Path, report: Report): boolean {
    if (this.#everDue.has(schedule) || ALWAYS_DUE.test(schedule.spec)) return true;
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

/** Specs of intervals and single instants; a past instant is reported when the entry is scheduled. */
const ALWAYS_DUE = /^(?:at\([^)]*\)|every\(\d+ms\)(?: round \S+| offset \d+ms)?)$/;

function inZone(schedule: Schedule, zone: string): Schedule {
  return expectSchedule(schedule, 'inZone', schedule.inZone?.(zone) ?? schedule);
}

function forEntry(schedule: Schedule, name: string): Schedule {
  return expectSchedule(schedule, 'forEntry', schedule.forEntry?.(name) ?? schedule);
}

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
