import type { EntryConfig } from '../../generated/config-types.ts';
import { readJson } from '../../config/source/json.ts';
import { escapeTemplates, listDifferent, tryConvert, upcomingOf, type Found, type Left } from '../found.ts';
import { readInstant, readSchedule } from './schedule.ts';
import type { DjangoTables, Row } from './tables.ts';
import { readTaskRow, readTiming, type TimingOptions } from './timing.ts';

interface DjangoOptions extends TimingOptions {
  /** IANA name: the zone of the file, and of instants that the database stores without an offset. */
  readonly timezone: string;
}

type Task = Row<'periodictask'>;

/** Converts periodic tasks as the `DatabaseScheduler` of django-celery-beat runs them. */
export function importDjango(tables: DjangoTables, options: DjangoOptions): Found {
  const left: Left[] = [];
  const entries = [...tables.periodictask.values()].flatMap((task) => {
    const place = `periodic task ${JSON.stringify(task.name)}`;
    return (
      tryConvert(place, left, () => {
        const { differences, ...entry } = convert(task, tables, options);
        left.push(...listDifferent(place, differences));
        return { ...entry, place };
      }) ?? []
    );
  });
  return { settings: { timezone: options.timezone }, entries, left };
}

function convert(task: Task, tables: DjangoTables, options: DjangoOptions) {
  const given = readSchedule(task, tables, options.timezone);
  const row = readTaskRow(task, (text) => readInstant(text, options.timezone), readFlag);
  const { fields: due, lastRunAt, schedule, differences } = readTiming(given, row, options);
  const { timezone, enabled, ...timing } = due;
  const args = parseJson('args', task.args, '[]');
  if (!Array.isArray(args)) throw new Error('args: expected a JSON list');
  const kwargs = parseJson('kwargs', task.kwargs, '{}') as Record<string, unknown>;
  const messageOptions = readOptions(task, row.endAt);
  const fields = {
    ...(task.description && { description: task.description }),
    task: task.task,
    ...timing,
    ...(timezone !== undefined && timezone !== options.timezone && { timezone }),
    ...(args.length > 0 && { args: escapeTemplates(args) }),
    ...(Object.keys(kwargs).length > 0 && { kwargs: escapeTemplates(kwargs) }),
    ...(Object.keys(messageOptions).length > 0 && { options: messageOptions }),
    ...(enabled === false && { enabled }),
  };
  return { name: task.name!, fields: fields as EntryConfig, lastRunAt, upcoming: upcomingOf(schedule), differences };
}

function readOptions(task: Task, expiresAt: number | null): Record<string, unknown> {
  const headers = parseJson('headers', task.headers, '{}') as Record<string, unknown>;
  const { queue, exchange, routing_key, priority, expire_seconds } = task;
  const expires =
    expiresAt === null ? expire_seconds !== null && Number(expire_seconds) : new Date(expiresAt).toISOString();
  return {
    ...(queue && { queue }),
    ...(exchange && { exchange }),
    ...(routing_key && { routingKey: routing_key }),
    ...(priority !== null && { priority: Number(priority) }),
    ...(expires && { expires }),
    ...(Object.keys(headers).length > 0 && { headers: escapeTemplates(headers) }),
  };
}

/** Parses a field of JSON. An empty field has the value `empty`. */
function parseJson(field: string, text: string | null, empty: string): unknown {
  const { config, errors } = readJson(text === null || text === '' ? empty : text, '');
  if (errors.length === 0) return config;
  throw new Error(`${field}: ${errors[0]!.message}`);
}

/** Reads a boolean: PostgreSQL writes words, other databases write numbers. */
function readFlag(text: string | null): boolean {
  return text !== null && ['t', 'true', '1'].includes(text.toLowerCase());
}
