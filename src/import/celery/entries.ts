import type { EntryConfig } from '../../generated/config-types.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { isMap } from '../../util/is-map.ts';
import { omit } from '../../util/keys.ts';
import { assemble } from '../assemble.ts';
import type { DjangoSchedule } from '../django/schedule.ts';
import { readTaskRow, readTiming, type Timing, type TimingOptions } from '../django/timing.ts';
import {
  escapeTemplates,
  listDifferent,
  tryConvert,
  upcomingOf,
  type Found,
  type FoundEntry,
  type Left,
} from '../found.ts';
import { convertRule } from '../redbeat/convert.ts';
import type { Exported, ExportedEntry } from './exported.ts';

/** Converts the entries of an app, with the recurrence rules and times that RedBeat and django-celery-beat store. */
export function convertEntries(
  { entries: exported }: Exported,
  settings: Found['settings'],
  options: TimingOptions,
): Found {
  const left: Left[] = [];
  const attempt = <T>(name: string, work: () => T) => tryConvert(`entry ${name}`, left, work) ?? [];
  const own = exported.filter(({ installed }) => !installed);
  const plain = own.flatMap((each) => attempt(each.name, () => ({ entry: toEntry(each), row: each.row })));
  const stored = plain.flatMap(({ entry, row }) => (row ? [entry] : []));
  const read = assemble({ settings, entries: stored, left: [] }, false).entries;
  const schedules = new Map(read.map(({ entry }) => [entry.name, entry.schedule]));
  const entries = plain.flatMap(({ entry, row }) => {
    const schedule = schedules.get(entry.name);
    // An entry that beat rejects is listed with the reason later.
    if (!row || !schedule) return [entry];
    return attempt(entry.name, () => {
      const taskRow = readTaskRow(row, Date.parse, Boolean);
      const timing = readTiming(describeSchedule(entry.fields, schedule), taskRow, options);
      left.push(...listDifferent(entry.place, timing.differences));
      return withTiming(entry, timing);
    });
  });
  return { settings, entries, left };
}

/** An entry as every scheduler of Celery has it. Throws an `Error` for a rule that beat does not have. */
export function toEntry({ name, entry, last_run_at: lastRunAt, upcoming }: ExportedEntry): FoundEntry {
  const instants = upcoming?.map((text) => (text === null ? null : new Date(text)));
  const fields = escapeTemplates(entry) as EntryConfig;
  return {
    name,
    place: `entry ${name}`,
    fields: { ...fields, ...convertStoredRule(entry['schedule']) },
    lastRunAt: lastRunAt === undefined ? undefined : Date.parse(lastRunAt),
    // Instants of an older export may have passed.
    upcoming: instants && ((after, count) => instants.filter((at) => at === null || at > after).slice(0, count)),
  };
}

/** Converts a rule as RedBeat stores it; `undefined` for other schedules. */
function convertStoredRule(schedule: unknown): Pick<EntryConfig, 'schedule'> | undefined {
  if (!isMap(schedule) || schedule['__type__'] === undefined) return undefined;
  if (schedule['__type__'] === 'rrule') return { schedule: convertRule(schedule) };
  throw new Error('the schedule is not one of RedBeat');
}

function describeSchedule({ schedule: config, timezone }: EntryConfig, schedule: Schedule): DjangoSchedule {
  const kind = (['crontab', 'solar'] as const).find((name) => isMap(config) && name in config);
  const other = schedule.every === undefined ? 'clocked' : 'interval';
  return { kind: kind ?? other, config, timezone: timezone ?? null, schedule };
}

/** Fields that the timing of a row determines. */
const OF_TIMING = ['timezone', 'enabled'];

function withTiming(entry: FoundEntry, timing: Timing): FoundEntry {
  const { upcoming } = entry;
  const { lastRunAt, schedule, end } = timing;
  return {
    ...entry,
    fields: { ...(omit({ ...entry.fields }, OF_TIMING) as unknown as EntryConfig), ...timing.fields },
    lastRunAt,
    upcoming: upcoming
      ? (after, count) => upcoming(after, count).map((at) => (at !== null && at.getTime() < end ? at : null))
      : upcomingOf(schedule),
  };
}
