import { cron } from '../../schedule/cron/cron.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { upcomingOf, type Found, type FoundEntry, type Left } from '../found.ts';
import { convertJob, nameJob } from './convert.ts';
import { parseTable, type CronJob, type TableFormat } from './parse.ts';

/** One file to import. */
export interface CronFile {
  readonly path: string;
  readonly text: string;
  readonly format: TableFormat;
}

export interface CrontabOptions {
  /** IANA name: the zone of tables without `CRON_TZ`. */
  readonly timezone: string;
  /** The user of the jobs in tables that name none; `undefined` is the user of the worker. */
  readonly user: string | undefined;
  /** When anacron last ran the job of this name, epoch milliseconds. cron itself stores no last runs. */
  readonly findLastRun: (id: string) => number | undefined;
}

/** Converts tables to entries. A line that cannot be converted is left, with the reason. */
export function importTables(files: readonly CronFile[], options: CrontabOptions): Found {
  const entries = new Map<string, FoundEntry>();
  const left: Left[] = [];
  for (const { path, text, format } of files) {
    const table = parseTable(text, format);
    const lines = text.split(/\r?\n/);
    const locate = (line: number) => ({
      place: `${path}:${line}`,
      text: lines[line - 1]!.trim(),
    });
    left.push(...table.left.map(({ line, reason }) => ({ ...locate(line), reason })));
    for (const job of table.jobs) {
      const fields = convertJob(job, format, options.user);
      if (typeof fields === 'string') {
        left.push({ ...locate(job.line), reason: fields });
        continue;
      }
      const name = nameJob(job, (taken) => entries.has(taken));
      const schedule = readSchedule(job, options.timezone);
      entries.set(name, {
        ...{ name, fields, ...locate(job.line) },
        lastRunAt: job.id === undefined ? undefined : options.findLastRun(job.id),
        upcoming: schedule && upcomingOf(schedule),
      });
    }
  }
  return { settings: { timezone: options.timezone }, entries: [...entries.values()], left };
}

/** The schedule of a line, computed from the line itself; `undefined` for an invalid one, and for a period of anacron. */
function readSchedule({ when, timezone }: CronJob, defaultZone: string): Schedule | undefined {
  try {
    return cron(when, { timezone: timezone ?? defaultZone });
  } catch {
    return undefined;
  }
}
