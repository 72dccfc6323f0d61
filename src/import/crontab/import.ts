import { memoize } from '../../util/memoize.ts';
import type { Found, FoundEntry, Left } from '../found.ts';
import { UniqueNames } from '../unique-names.ts';
import { nameJob, toEntry } from './convert.ts';
import { isAccepted } from './cron-line.ts';
import type { Cron } from './dialect.ts';
import { parseTable, type CronJob } from './parse.ts';
import type { LeftLine, TableFormat } from './table.ts';
import { convertPeriod, convertWhen, type CronSchedule } from './schedule.ts';
import { checkUser, type CronHost } from './users.ts';
import { MAIL_RECIPE } from './variables.ts';

/** One file to import. */
export interface CronFile {
  readonly path: string;
  readonly text: string;
  readonly format: TableFormat;
}

export interface CrontabOptions {
  /** IANA name: the zone of the host. */
  readonly timezone: string;
  /** The user of the jobs in tables that name none; `undefined` is the user of the worker. */
  readonly user: string | undefined;
  /** The cron that ran the tables; `undefined` if that is unknown. */
  readonly cron: Cron | undefined;
  readonly host: CronHost;
  /** Epoch milliseconds, from which clock changes are compared. */
  readonly now: number;
  /** When anacron last ran the job of this name, epoch milliseconds. cron itself stores no last runs. */
  readonly findLastRun: (id: string) => number | undefined;
}

/** Converts tables to entries. A line that cannot be converted is left, with the reason. */
export function importTables(files: readonly CronFile[], options: CrontabOptions): Found {
  const { timezone, now } = options;
  const names = new UniqueNames();
  // Comparing the clock changes of a line that runs every minute takes a millisecond.
  const schedules = memoize<CronSchedule | string>();
  const context: ImportContext = {
    ...options,
    takeName: (name) => names.take(name),
    convertWhen: (when, table) =>
      schedules(`${when} ${table ?? ''}`, () => convertWhen(when, { host: timezone, table }, now)),
  };
  const entries: FoundEntry[] = [];
  const left: Left[] = [];
  const mailed: string[] = [];
  for (const file of files) {
    const table = importTable(file, context);
    entries.push(...table.entries);
    left.push(...table.left);
    mailed.push(...table.mailed);
  }
  const [place] = mailed;
  if (place !== undefined) {
    const jobs = mailed.length === 1 ? 'this job' : `${mailed.length} jobs`;
    const reason = `cron mails the output of ${jobs} to the user, and beat does not: ${MAIL_RECIPE}`;
    left.push({ kind: 'note', place, reason });
  }
  return { settings: { timezone }, entries, left };
}

/** The options with what all tables share. */
interface ImportContext extends CrontabOptions {
  readonly takeName: (name: string) => string;
  readonly convertWhen: (when: string, table: string | undefined) => CronSchedule | string;
}

interface ImportedTable {
  readonly entries: readonly FoundEntry[];
  readonly left: readonly Left[];
  /** The places of the jobs whose output cron mails to their users. */
  readonly mailed: readonly string[];
}

type Problem = Omit<LeftLine, 'line'>;

function importTable({ path, text, format }: CronFile, options: ImportContext): ImportedTable {
  const { cron } = options;
  const table = parseTable(text, { format, cron, owner: options.user });
  const lines = text.split(/\r?\n/);
  const locate = (line: number) => ({ place: `${path}:${line}`, text: lines[line - 1]!.trim() });
  const left: Left[] = [];
  const rejected: number[] = [];
  const reportAt = (line: number, { isRejected, ...problem }: Problem) => {
    left.push({ ...locate(line), ...problem });
    if (isRejected) rejected.push(line);
  };
  for (const { line, ...problem } of table.left) reportAt(line, problem);
  const entries: FoundEntry[] = [];
  const noted = new Set<string>();
  const mailed: string[] = [];
  for (const job of table.jobs) {
    const report = (problem: Problem) => reportAt(job.line, problem);
    const problem = checkUser(job, format, options.host) ?? findZoneProblem(job, options);
    if (problem && problem.kind !== 'note') {
      report(problem);
      continue;
    }
    if (format !== 'anacron' && job.when !== '@reboot' && !isAccepted(job.when)) {
      rejected.push(job.line);
    }
    const timezone = job.cronTz?.value;
    const when =
      format === 'anacron' ? convertPeriod(job.when) : options.convertWhen(job.when, timezone);
    if (typeof when === 'string') {
      report({ reason: when });
      continue;
    }
    if (problem && !noted.has(problem.reason)) report(problem);
    if (problem) noted.add(problem.reason);
    if (when.note !== undefined) report({ kind: 'different', reason: when.note });
    if (job.mailTo === undefined) mailed.push(`${path}:${job.line}`);
    entries.push({
      ...{ name: options.takeName(nameJob(job)), ...locate(job.line) },
      fields: toEntry(job, when.schedule, { format, user: options.user, timezone }),
      lastRunAt: job.id === undefined ? undefined : options.findLastRun(job.id),
      upcoming: when.upcoming,
    });
  }
  const [invalid] = rejected;
  if (invalid !== undefined && entries.length > 0 && cron !== 'cronie' && format !== 'anacron') {
    const reason =
      "Debian's cron ignores a whole table with a line that it rejects: the imported lines may not have run there";
    left.push({ kind: 'note', place: `${path}:${invalid}`, reason });
  }
  return { entries, left, mailed };
}

/** Why the zone of a job is uncertain: cronie follows `CRON_TZ`, Debian's cron does not. */
function findZoneProblem({ cronTz }: CronJob, options: CrontabOptions): Problem | undefined {
  if (options.cron !== undefined || !cronTz || cronTz.value === options.timezone) return undefined;
  const reason = `the zone of this job is unknown: cronie (Fedora, RHEL, SUSE, Arch) follows CRON_TZ=${cronTz.value} in line ${cronTz.line}, Debian's and Ubuntu's cron ignores it; --cron cronie or --cron debian says which one it was`;
  return { reason };
}
