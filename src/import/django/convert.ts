import type { EntryConfig } from '../../config/config-types.ts';
import { readJson } from '../../config/source/json.ts';
import { at } from '../../schedule/at.ts';
import { describeError } from '../../util/errors.ts';
import { escapeTemplates } from '../escape-templates.ts';
import { upcomingOf, type Found, type FoundEntry, type Left } from '../found.ts';
import { readInstant, readSchedule, type DjangoSchedule } from './schedule.ts';
import type { DjangoTables, Row } from './tables.ts';
import { limitsOf, startOnInterval, UNLIMITED, within } from './window.ts';

export interface DjangoOptions {
  /** IANA name: the zone of instants that the database stores without an offset. */
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether the last runs are imported: a task that is overdue then runs at the first start of beat. */
  readonly lastRuns: boolean;
}

type Task = Row<'periodictask'>;

/** Converts periodic tasks with the meaning that the `DatabaseScheduler` of django-celery-beat gives to their fields. */
export function importDjango(tables: DjangoTables, options: DjangoOptions): Found {
  const left: Left[] = [];
  const read = tables.tasks.flatMap((task) => {
    try {
      return [{ task, schedule: readSchedule(task, tables, options.timezone) }];
    } catch (error) {
      left.push({ place: nameTask(task), reason: describeError(error) });
      return [];
    }
  });
  const timezone = commonZone(read.map(({ schedule }) => schedule));
  const entries = read.flatMap(({ task, schedule }) => {
    try {
      return [convert(task, schedule, { ...options, appZone: timezone })];
    } catch (error) {
      left.push({ place: nameTask(task), reason: describeError(error) });
      return [];
    }
  });
  return { settings: { timezone }, entries, left };
}

function nameTask({ name }: Task): string {
  return `periodic task ${JSON.stringify(name)}`;
}

/** The zone of most crontabs; their others name their own. */
function commonZone(schedules: readonly DjangoSchedule[]): string {
  const counts = new Map<string, number>();
  for (const { timezone } of schedules) {
    if (timezone !== null) counts.set(timezone, (counts.get(timezone) ?? 0) + 1);
  }
  const [[zone] = ['UTC']] = [...counts].sort(([, a], [, b]) => b - a);
  return zone;
}

function convert(
  task: Task,
  given: DjangoSchedule,
  options: DjangoOptions & { readonly appZone: string },
): FoundEntry {
  const { timezone, now } = options;
  const instant = (text: string | null) => (text === null ? null : readInstant(text, timezone));
  const [startAt, endAt] = [instant(task.start_time), instant(task.expires)];
  // A start that has passed has no effect any more.
  const start = startAt !== null && startAt > now ? startAt : -Infinity;
  const end = endAt ?? Infinity;
  const isOneOff = readFlag(task.one_off);
  const isOn = readFlag(task.enabled) && !(isOneOff && Number(task.total_run_count) > 0);
  // Without a last run, Django counts from the last change, or runs the task at its start.
  const isNew = task.last_run_at === null;
  const lastRunAt = instant(task.last_run_at ?? task.date_changed);
  const countsFrom = isNew && start > now ? -Infinity : (lastRunAt ?? now);
  const only = isOneOff ? onlyRun(given, start, isOn && end > now, countsFrom, options) : null;
  const window = startOnInterval({ start, end }, given.schedule, countsFrom);
  const hasEnded = end <= Math.max(now, only ?? window.start);
  const due = only === null ? given : once(only);
  const limits = due.kind === 'clocked' || hasEnded ? UNLIMITED : window;
  const { args, kwargs } = readArguments(task);
  const messageOptions = readOptions(task, endAt);
  const fields = {
    ...(task.description && { description: task.description }),
    task: task.task,
    schedule: due.config,
    ...limitsOf(limits),
    ...(due.timezone !== null && due.timezone !== options.appZone && { timezone: due.timezone }),
    ...(args.length > 0 && { args: escapeTemplates(args) }),
    ...(Object.keys(kwargs).length > 0 && { kwargs: escapeTemplates(kwargs) }),
    ...(Object.keys(messageOptions).length > 0 && { options: messageOptions }),
    ...((!isOn || hasEnded) && { enabled: false }),
  };
  return {
    ...{ name: task.name!, place: nameTask(task), fields: fields as EntryConfig },
    // The only run is due although it may have passed.
    lastRunAt: only === null ? (lastRunAt ?? undefined) : only - 1_000,
    upcoming: upcomingOf(within(due.schedule, limits)),
  };
}

/**
 * The instant of the only run of a task, not earlier than `start`; an interval counts from `lastRunAt`. Epoch
 * milliseconds. Throws an `Error` if it is overdue.
 */
function onlyRun(
  { kind, schedule }: DjangoSchedule,
  start: number,
  enabled: boolean,
  lastRunAt: number,
  { now, lastRuns }: DjangoOptions,
): number {
  const next =
    kind === 'interval'
      ? lastRunAt + schedule.every!
      : schedule.next(new Date(kind === 'clocked' ? 0 : Math.max(now, start - 1)))?.getTime();
  if (next === undefined) throw new Error('it is never due');
  const instant = Math.max(next, start);
  if (enabled && !lastRuns && instant <= now) {
    throw new Error(
      `its only run was due at ${new Date(instant).toISOString()}: --last-runs has beat send it at the first start`,
    );
  }
  return instant;
}

/** The schedule of a task that runs once. */
function once(instant: number): DjangoSchedule {
  const date = new Date(instant);
  return {
    ...{ kind: 'clocked', timezone: null, config: { at: date.toISOString() } },
    schedule: at(date),
  };
}

function readArguments(task: Task): { args: unknown[]; kwargs: Record<string, unknown> } {
  const args = parseJson('args', task.args, '[]');
  const kwargs = parseJson('kwargs', task.kwargs, '{}');
  if (!Array.isArray(args)) throw new Error('args: expected a JSON list');
  return { args, kwargs: kwargs as Record<string, unknown> };
}

function readOptions(task: Task, expiresAt: number | null): Record<string, unknown> {
  const headers = parseJson('headers', task.headers, '{}') as Record<string, unknown>;
  const { queue, exchange, routing_key, priority, expire_seconds } = task;
  const expires =
    expiresAt === null
      ? expire_seconds !== null && Number(expire_seconds)
      : new Date(expiresAt).toISOString();
  return {
    ...(queue && { queue }),
    ...(exchange && { exchange }),
    ...(routing_key && { routingKey: routing_key }),
    ...(priority !== null && { priority: Number(priority) }),
    ...(expires && { expires }),
    ...(Object.keys(headers).length > 0 && { headers: escapeTemplates(headers) }),
  };
}

/** The value of a field; an empty one means `empty`. */
function parseJson(field: string, text: string | null, empty: string): unknown {
  const { config, errors } = readJson(text === null || text === '' ? empty : text, '');
  if (errors.length === 0) return config;
  throw new Error(`${field}: ${errors[0]!.message}`);
}

/** A boolean: PostgreSQL writes words, the others numbers. */
function readFlag(text: string | null): boolean {
  return text !== null && ['t', 'true', '1'].includes(text.toLowerCase());
}
