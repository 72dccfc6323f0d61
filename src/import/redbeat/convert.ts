import type { EntryConfig, ScheduleConfig } from '../../generated/config-types.ts';
import { isMap } from '../../util/is-map.ts';
import { crontab } from '../../schedule/crontab.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { timedelta } from '../../schedule/timedelta.ts';
import type { RedBeatRecord } from '../../contracts/store/import-source.ts';
import {
  escapeTemplates,
  readCrontabFields,
  tryConvert,
  upcomingOf,
  type Found,
  type FoundEntry,
  type Left,
} from '../found.ts';
import { decodeJson, Encoded, Instant } from './decode.ts';
import { rrule } from '../../schedule/rrule/rrule.ts';
import { FREQUENCIES } from '../../schedule/rrule/recurrence-days.ts';

interface Definition {
  readonly key: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly lastRun: Instant | null;
}

/** Converts the entries of RedBeat. `given` is the zone of the app; by default the last runs name it, else it is UTC. */
export function importRedBeat(records: readonly RedBeatRecord[], given: string | undefined): Found {
  const entries: FoundEntry[] = [];
  const left: Left[] = [];
  const definitions = records.flatMap((record) => tryConvert(record.key, left, () => decodeRecord(record)) ?? []);
  const known = given ?? findZone(definitions);
  const timezone = known ?? 'UTC';
  for (const definition of definitions) {
    const entry = tryConvert(definition.key, left, () => convert(definition, timezone));
    if (!entry) continue;
    entries.push(entry);
    if (definition.lastRun === null && entry.fields.enabled !== false) {
      left.push({ kind: 'note', place: definition.key, reason: NEVER_RUN });
    }
  }
  if (known === null && entries.some(hasCrontab)) left.push(ASSUMED_ZONE);
  return { settings: { timezone }, entries, left };
}

function decodeRecord({ key, definition, meta }: RedBeatRecord): Definition {
  if (definition === null) throw new Error('the definition is missing: RedBeat does not run it');
  const fields = decodeJson(definition);
  if (!isMap(fields)) throw new Error('the definition is not a JSON object');
  const { last_run_at: lastRunAt = null } = (meta === null ? {} : decodeJson(meta)) as { last_run_at?: unknown };
  return { key, fields, lastRun: lastRunAt instanceof Instant ? lastRunAt : null };
}

const NEVER_RUN = 'it has never run, so RedBeat would run it at once; beat counts from its first start';

const ASSUMED_ZONE: Left = {
  kind: 'different',
  place: 'setting timezone',
  reason:
    'UTC is assumed for crontabs, because the last runs do not name one zone: select that of the Celery app with --timezone ZONE',
};

function hasCrontab({ fields: { schedule } }: FoundEntry): boolean {
  return isMap(schedule) && 'crontab' in schedule;
}

/** The zone of the last runs, in which RedBeat also evaluates crontabs; `null` if they do not have exactly one. */
function findZone(definitions: readonly Definition[]): string | null {
  const zones = new Set(definitions.flatMap(({ lastRun }) => (lastRun ? [lastRun.zone] : [])));
  const [zone = null, ...others] = zones;
  return others.length === 0 ? zone : null;
}

function convert({ key, fields, lastRun }: Definition, timezone: string): FoundEntry {
  const { name, task, args, kwargs, options, schedule, enabled = true, ...others } = fields;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new Error(`unknown fields: ${unknown.join(', ')}`);
  const read = convertSchedule(schedule, timezone);
  const entry = {
    task,
    ...read.fields,
    ...(Array.isArray(args) && args.length > 0 && { args: toArguments(args) }),
    ...(isMap(kwargs) && Object.keys(kwargs).length > 0 && { kwargs: toArguments(kwargs) }),
    ...(isMap(options) && Object.keys(options).length > 0 && { options: toOptions(options) }),
    ...(enabled === false && { enabled: false }),
  };
  return {
    name: String(name),
    place: key,
    fields: entry as EntryConfig,
    lastRunAt: lastRun?.at,
    upcoming: upcomingOf(read.schedule),
  };
}

interface ConvertedSchedule {
  readonly fields: { readonly schedule: ScheduleConfig; readonly relative?: true };
  readonly schedule: Schedule;
}

function convertSchedule(encoded: unknown, timezone: string): ConvertedSchedule {
  if (!(encoded instanceof Encoded)) throw new Error('the schedule is not one of RedBeat');
  if (encoded.type === 'interval') {
    const { every, relative = false } = encoded.fields;
    const seconds = Number(every);
    const isRelative = relative === true;
    return {
      fields: { schedule: seconds, ...(isRelative && { relative: true }) },
      schedule: timedelta({ seconds }, { relative: isRelative, timezone }),
    };
  }
  if (encoded.type === 'crontab') {
    const fields = readCrontabFields(encoded.fields);
    return { fields: { schedule: { crontab: fields } as ScheduleConfig }, schedule: crontab(fields, { timezone }) };
  }
  if (encoded.type === 'rrule') return convertRule(encoded.fields);
  throw new Error(`unknown schedule type ${JSON.stringify(encoded.type)}`);
}

/** Arguments with instants as kombu writes them. */
function toArguments(value: unknown): unknown {
  return escapeTemplates(withInstants(value, ({ text }) => ({ __type__: 'datetime', __value__: text })));
}

function toOptions(value: unknown): unknown {
  return escapeTemplates(withInstants(value, ({ text }) => text));
}

function withInstants(value: unknown, write: (instant: Instant) => unknown): unknown {
  if (value instanceof Instant) return write(value);
  if (value instanceof Encoded) throw new Error(`it has a value of the type ${value.type}`);
  if (Array.isArray(value)) return value.map((each) => withInstants(each, write));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, withInstants(each, write)]);
  return Object.fromEntries(entries);
}

/** The parts of a rule that RedBeat stores under the names of python-dateutil. */
const LISTS = {
  bymonth: 'BYMONTH',
  byweekno: 'BYWEEKNO',
  byyearday: 'BYYEARDAY',
  bymonthday: 'BYMONTHDAY',
  byhour: 'BYHOUR',
  byminute: 'BYMINUTE',
  bysecond: 'BYSECOND',
  bysetpos: 'BYSETPOS',
} as const;

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

interface ConvertedRule {
  readonly fields: { readonly schedule: { rrule: string; dtstart: string; timezone: string } };
  readonly schedule: Schedule;
}

/** Converts a recurrence rule, with the fixed offset that RedBeat stores. Throws an `Error` for an unsupported rule. */
export function convertRule(fields: Readonly<Record<string, unknown>>): ConvertedRule {
  const { freq, interval, count, until, wkst, byeaster, byweekday, dtstart } = fields;
  if (byeaster !== null && byeaster !== undefined) throw new Error('beat has no byeaster');
  const given = Object.entries(LISTS).map(([key, name]) => [name, toList(fields[key]).join(',')]);
  const parts: Readonly<Record<string, string>> = {
    FREQ: FREQUENCIES[Number(freq)] ?? String(freq),
    INTERVAL: interval === 1 ? '' : toList(interval).join(','),
    COUNT: toList(count).join(','),
    UNTIL: until === null || until === undefined ? '' : formatUntil(Number(until)),
    BYDAY: toList(byweekday).map(formatWeekday).join(','),
    ...(Object.fromEntries(given) as Readonly<Record<string, string>>),
    WKST: toList(wkst).map(formatWeekday).join(','),
  };
  const text = Object.entries(parts).filter(([, value]) => value !== '');
  const rule = text.map((part) => part.join('=')).join(';');
  const start = new Date(Number(dtstart) * 1_000).toISOString().replace('.000Z', 'Z');
  const timezone = formatZone(Number(fields['dtstart_tz'] ?? 0));
  return {
    fields: { schedule: { rrule: rule, dtstart: start, timezone } },
    schedule: rrule(rule, { dtstart: start, timezone }),
  };
}

function toList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function formatWeekday(value: unknown): string {
  const number = value instanceof Encoded ? value.fields['wkday'] : value;
  return WEEKDAYS[Number(number)] ?? String(number);
}

/** `20301231T080000Z`, from epoch seconds. */
function formatUntil(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** The zone of an offset in minutes. The names have the signs of POSIX: `Etc/GMT-1` is one hour ahead of UTC. */
function formatZone(minutes: number): string {
  if (minutes === 0) return 'UTC';
  if (minutes % 60 !== 0) throw new Error(`its offset of ${minutes} minutes is not a whole hour`);
  return `Etc/GMT${minutes > 0 ? '-' : '+'}${Math.abs(minutes) / 60}`;
}
