import type { EntryConfig, ScheduleConfig } from '../../generated/config-types.ts';
import { isMap } from '../../util/is-map.ts';
import { readJson } from '../../config/source/json.ts';
import { formatOffset, parseInstant } from '../../celery/message/parse-instant.ts';
import type { RedBeatRecord } from '../../contracts/store/import-source.ts';
import { escapeTemplates, readCrontabFields, tryConvert, type Found, type FoundEntry, type Left } from '../found.ts';
import { FREQUENCIES } from '../../schedule/rrule/recurrence-days.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Converts the entries of RedBeat. `given` is the zone of the app; by default the last runs name it, else it is UTC. */
export function importRedBeat(records: readonly RedBeatRecord[], given: string | undefined): Found {
  const entries: FoundEntry[] = [];
  const left: Left[] = [];
  const definitions = records.flatMap((record) => tryConvert(record.key, left, () => decodeRecord(record)) ?? []);
  const known = given ?? findZone(definitions);
  const timezone = known ?? 'UTC';
  for (const definition of definitions) {
    const entry = tryConvert(definition.key, left, () => convert(definition));
    if (!entry) continue;
    entries.push(entry);
    if (definition.lastRun === null && entry.fields.enabled !== false) {
      left.push({ kind: 'note', place: definition.key, reason: NEVER_RUN });
    }
  }
  if (known === null && entries.some(({ fields: { schedule } }) => isMap(schedule) && 'crontab' in schedule))
    left.push(ASSUMED_ZONE);
  return { settings: { timezone }, entries, left };
}

type Definition = ReturnType<typeof decodeRecord>;

function decodeRecord({ key, definition, meta }: RedBeatRecord) {
  if (definition === null) throw new Error('the definition is missing: RedBeat does not run it');
  const fields = parseJson(definition);
  if (!isMap(fields)) throw new Error('the definition is not a JSON object');
  const more = meta === null ? null : parseJson(meta);
  const lastRunAt = isMap(more) ? more['last_run_at'] : null;
  const isInstant = isMap(lastRunAt) && lastRunAt['__type__'] === 'datetime';
  return { key, fields, lastRun: isInstant ? readInstant(lastRunAt) : null };
}

function parseJson(text: string): unknown {
  const { config, errors } = readJson(text, '');
  if (errors.length > 0) throw new Error(errors[0]!.message);
  return config;
}

const NEVER_RUN = 'it has never run, so RedBeat would run it at once; beat counts from its first start';

const ASSUMED_ZONE: Left = {
  kind: 'different',
  place: 'setting timezone',
  reason:
    'UTC is assumed for crontabs, because the last runs do not name one zone: select that of the Celery app with --timezone ZONE',
};

/** The zone of the last runs, in which RedBeat also evaluates crontabs; `null` if they do not have exactly one. */
function findZone(definitions: readonly Definition[]): string | null {
  const zones = new Set(definitions.flatMap(({ lastRun }) => (lastRun ? [lastRun.zone] : [])));
  const [zone = null, ...others] = zones;
  return others.length === 0 ? zone : null;
}

function convert({ key, fields, lastRun }: Definition): FoundEntry {
  const { name, task, args, kwargs, options, schedule, enabled = true, ...others } = fields;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new Error(`unknown fields: ${unknown.join(', ')}`);
  const entry = {
    task,
    ...convertSchedule(schedule),
    ...(Array.isArray(args) && args.length > 0 && { args: convertValues(args, kombuInstant) }),
    ...(isMap(kwargs) && Object.keys(kwargs).length > 0 && { kwargs: convertValues(kwargs, kombuInstant) }),
    ...(isMap(options) && Object.keys(options).length > 0 && { options: convertValues(options, (text) => text) }),
    ...(enabled === false && { enabled: false }),
  };
  return { name: String(name), place: key, fields: entry as EntryConfig, lastRunAt: lastRun?.at, upcoming: null };
}

function convertSchedule(encoded: unknown): Pick<EntryConfig, 'schedule' | 'relative'> {
  const type = isMap(encoded) ? encoded['__type__'] : undefined;
  if (!isMap(encoded) || type === undefined) throw new Error('the schedule is not one of RedBeat');
  if (type === 'interval') {
    const { every, relative } = encoded;
    return { schedule: Number(every), ...(relative === true && { relative }) };
  }
  if (type === 'crontab') return { schedule: { crontab: readCrontabFields(encoded) } as ScheduleConfig };
  if (type === 'rrule') return { schedule: convertRule(encoded) };
  throw new Error(`unknown schedule type ${JSON.stringify(type)}`);
}

/** An instant as kombu writes it in arguments. */
function kombuInstant(text: string): unknown {
  return { __type__: 'datetime', __value__: text };
}

/** Converts instants and escapes templates. RedBeat writes a value that JSON lacks as a map with its `__type__`. */
function convertValues(value: unknown, write: (text: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => convertValues(each, write));
  if (!isMap(value)) return escapeTemplates(value);
  const { __type__: type } = value;
  if (type === 'datetime') return write(readInstant(value).text);
  if (type !== undefined) throw new Error(`it has a value of the type ${asText(type)}`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, convertValues(each, write)]));
}

/** Reads an instant: epoch milliseconds, ISO 8601 with microseconds, and the name of its zone (`null`: an offset). */
function readInstant(fields: Fields) {
  const part = (name: string, digits: number) => String(Number(fields[name] ?? 0)).padStart(digits, '0');
  const date = `${part('year', 4)}-${part('month', 2)}-${part('day', 2)}`;
  const time = `${part('hour', 2)}:${part('minute', 2)}:${part('second', 2)}`;
  const local = `${date}T${time}.${part('microsecond', 6)}`;
  // An offset is in seconds.
  const { timezone = 'UTC' } = fields;
  const zone = typeof timezone === 'number' ? null : asText(timezone);
  const at =
    zone === null
      ? parseInstant(local + formatOffset(Math.round(Number(timezone) / 60)), 'UTC')
      : parseInstant(local, zone);
  if (at === null) throw new Error(`an invalid datetime: ${JSON.stringify(fields)}`);
  return { at, text: local + formatOffset(Math.round((Date.parse(`${local.slice(0, 23)}Z`) - at) / 60_000)), zone };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The lists of a rule that RedBeat stores under the names of python-dateutil: the names of iCalendar in lower case. */
const LISTS = 'bymonth byweekno byyearday bymonthday byhour byminute bysecond bysetpos'.split(' ');

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/** Converts a recurrence rule, with the fixed offset that RedBeat stores. Throws an `Error` for an unsupported rule. */
export function convertRule(fields: Fields) {
  const { freq, interval, count, until, wkst, byeaster, byweekday, dtstart } = fields;
  if (byeaster !== null && byeaster !== undefined) throw new Error('beat has no byeaster');
  const lists = LISTS.map((name) => [name.toUpperCase(), toList(fields[name]).join(',')]);
  const parts: Readonly<Record<string, string>> = {
    FREQ: FREQUENCIES[Number(freq)] ?? String(freq),
    INTERVAL: interval === 1 ? '' : toList(interval).join(','),
    COUNT: toList(count).join(','),
    UNTIL: until === null || until === undefined ? '' : formatUntil(Number(until)),
    BYDAY: toList(byweekday).map(formatWeekday).join(','),
    ...(Object.fromEntries(lists) as Readonly<Record<string, string>>),
    WKST: toList(wkst).map(formatWeekday).join(','),
  };
  const text = Object.entries(parts).filter(([, value]) => value !== '');
  return {
    rrule: text.map((part) => part.join('=')).join(';'),
    dtstart: new Date(Number(dtstart) * 1_000).toISOString().replace('.000Z', 'Z'),
    timezone: formatZone(Number(fields['dtstart_tz'] ?? 0)),
  };
}

function toList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function formatWeekday(value: unknown): string {
  const number = isMap(value) ? value['wkday'] : value;
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
