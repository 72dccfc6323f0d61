import type { EntryConfig } from '../../config/config-types.ts';
import { readJson } from '../../config/source/json.ts';
import { describeError } from '../../util/errors.ts';
import { escapeTemplates } from '../escape-templates.ts';
import { upcomingOf, type Found, type FoundEntry, type Left } from '../found.ts';
import { readInstant, readSchedule, type DjangoSchedule } from './schedule.ts';
import type { DjangoTables, Row } from './tables.ts';

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
      const converted = convert(task, schedule, { ...options, appZone: timezone });
      left.push(
        ...converted.notes.map((reason) => ({
          kind: 'different' as const,
          place: nameTask(task),
          reason,
        })),
      );
      return [converted.entry];
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

interface Converted {
  readonly entry: FoundEntry;
  /** What could not be carried over of it. */
  readonly notes: readonly string[];
}

function convert(
  task: Task,
  schedule: DjangoSchedule,
  options: DjangoOptions & { readonly appZone: string },
): Converted {
  const { timezone, now } = options;
  const instant = (text: string | null) => (text === null ? null : readInstant(text, timezone));
  const [startAt, endAt] = [instant(task.start_time), instant(task.expires)];
  const isWaiting = startAt !== null && startAt > now;
  const hasEnded = endAt !== null && endAt <= now;
  const isOneOff = readFlag(task.one_off);
  const enabled = readFlag(task.enabled) && !(isOneOff && Number(task.total_run_count) > 0);
  // Without a last run, Django counts from the last change.
  const lastRunAt = instant(task.last_run_at ?? task.date_changed);
  const due = isOneOff ? onlyRun(schedule, enabled, lastRunAt ?? now, options) : schedule;
  const { args, kwargs } = readArguments(task);
  const messageOptions = readOptions(task, endAt);
  const fields = {
    ...(task.description && { description: task.description }),
    task: task.task,
    schedule: due.config,
    ...(due.timezone !== null && due.timezone !== options.appZone && { timezone: due.timezone }),
    ...(args.length > 0 && { args: escapeTemplates(args) }),
    ...(Object.keys(kwargs).length > 0 && { kwargs: escapeTemplates(kwargs) }),
    ...(Object.keys(messageOptions).length > 0 && { options: messageOptions }),
    ...((!enabled || isWaiting || hasEnded) && { enabled: false }),
  };
  const notes: string[] = [];
  if (enabled && isWaiting) {
    const start = new Date(startAt).toISOString();
    notes.push(
      `start_time: beat has none, and the entry is disabled: enable it at ${start}, or enable it and run beat pause --until ${start}`,
    );
  }
  if (enabled && endAt !== null && !hasEnded) {
    const end = new Date(endAt).toISOString();
    notes.push(
      `expires: workers discard its tasks after ${end}, which beat sends until you remove it`,
    );
  }
  return {
    entry: {
      ...{ name: task.name!, place: nameTask(task), fields: fields as EntryConfig },
      lastRunAt: isOneOff ? beforeOnlyRun(due) : (lastRunAt ?? undefined),
      upcoming: upcomingOf(due.schedule),
    },
    notes,
  };
}

/** The schedule of a task that runs once: the instant of that run. Throws an `Error` if it is overdue. */
function onlyRun(
  given: DjangoSchedule,
  enabled: boolean,
  lastRunAt: number,
  { now, lastRuns }: DjangoOptions,
): DjangoSchedule {
  const next =
    given.kind === 'clocked'
      ? given.schedule.next(new Date(0))
      : given.schedule.next(new Date(given.kind === 'interval' ? lastRunAt : now));
  if (!next) throw new Error('it is never due');
  if (enabled && !lastRuns && next.getTime() <= now) {
    throw new Error(
      `its only run was due at ${next.toISOString()}: --last-runs has beat send it at the first start`,
    );
  }
  const config = { at: next.toISOString() };
  return { ...given, kind: 'clocked', timezone: null, config, schedule: given.schedule };
}

/** What a task that runs once counts from: its run is due although it may have passed. */
function beforeOnlyRun({ config }: DjangoSchedule): number {
  return Date.parse((config as { at: string }).at) - 1_000;
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
