import type { EntryConfig } from '../../generated/config-types.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { isMap } from '../../util/is-map.ts';
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
  type Upcoming,
} from '../found.ts';
import { decodeJson, Encoded } from '../redbeat/decode.ts';
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
  const plain = own.flatMap((each) => attempt(each.name, () => toEntry(each)));
  const rows = new Map(own.flatMap(({ name, row }) => (row ? [[name, row] as const] : [])));
  const stored = plain.filter(({ name }) => rows.has(name));
  const read = new Map(
    assemble({ settings, entries: stored, left: [] }, false).entries.map(({ entry }) => [entry.name, entry] as const),
  );
  const entries = plain.flatMap((entry) => {
    const [row, parsed] = [rows.get(entry.name), read.get(entry.name)];
    // An entry that beat rejects is listed with the reason later.
    if (!row || !parsed) return [entry];
    return attempt(entry.name, () => {
      const taskRow = readTaskRow(row, Date.parse, Boolean);
      const timing = readTiming(describeSchedule(entry.fields, parsed), taskRow, options);
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
  const decoded = decodeJson(JSON.stringify(schedule));
  if (decoded instanceof Encoded && decoded.type === 'rrule') {
    return convertRule(decoded.fields).fields;
  }
  throw new Error('the schedule is not one of RedBeat');
}

function describeSchedule(fields: EntryConfig, { schedule }: Entry): DjangoSchedule {
  const { schedule: config, timezone = null } = fields;
  const kinds = ['crontab', 'solar'] as const;
  const kind = kinds.find((name) => isMap(config) && name in config);
  const other = schedule.every === undefined ? 'clocked' : 'interval';
  return { kind: kind ?? other, config, timezone, schedule };
}

/** Fields that the timing of a row determines. */
const OF_TIMING = ['timezone', 'enabled'];

function withTiming(entry: FoundEntry, timing: Timing): FoundEntry {
  const { lastRunAt, schedule, end } = timing;
  const others = Object.entries(entry.fields).filter(([key]) => !OF_TIMING.includes(key));
  return {
    ...entry,
    fields: { ...(Object.fromEntries(others) as unknown as EntryConfig), ...timing.fields },
    lastRunAt,
    upcoming: entry.upcoming ? before(entry.upcoming, end) : upcomingOf(schedule),
  };
}

/** The instants before a limit. */
function before(upcoming: Upcoming, end: number): Upcoming {
  return (after, count) => upcoming(after, count).map((at) => (at !== null && at.getTime() < end ? at : null));
}
