import { memoize } from '../../util/memoize.ts';
import { withoutAbsent } from '../../util/keys.ts';
import { type Found, type FoundEntry, type Left, UniqueNames } from '../found.ts';
import { isAccepted } from './cron-line.ts';
import { type Cron, parseTable, type CronJob, type Problem, type TableFormat, MAIL_RECIPE } from './parse.ts';
import { convertPeriod, convertWhen, type CronSchedule } from './schedule.ts';
import type { EntryConfig } from '../../generated/config-types.ts';

export interface CronFile {
  readonly path: string;
  readonly text: string;
  readonly format: TableFormat;
}

export interface CrontabOptions {
  readonly timezone: string;
  /** The user of the jobs in tables that name none; `undefined` is the user of the worker. */
  readonly user: string | undefined;
  readonly cron: Cron | undefined;
  readonly host: CronHost;
  /** Epoch milliseconds, from which clock changes are compared. */
  readonly now: number;
  /** When anacron last ran the job of this name, epoch milliseconds. cron itself stores no last runs. */
  readonly findLastRun: (id: string) => number | undefined;
}

interface Context extends CrontabOptions {
  readonly names: UniqueNames;
  /** Converts the schedule of a job in the zone of its table. */
  readonly convertWhen: (when: string, table: string | undefined) => CronSchedule | string;
}

interface Collected {
  readonly entries: FoundEntry[];
  readonly left: Left[];
  /** The places of the jobs whose output cron mails to their users. */
  readonly mailed: string[];
}

/** Converts tables to entries. A line that cannot be converted is left out, with the reason. */
export function importTables(files: readonly CronFile[], options: CrontabOptions): Found {
  const { timezone, now } = options;
  // Comparing the clock changes of a line that runs every minute takes a millisecond.
  const schedules = memoize<CronSchedule | string>();
  const context: Context = {
    ...options,
    names: new UniqueNames(),
    convertWhen: (when, table) =>
      schedules(`${when} ${table ?? ''}`, () => convertWhen(when, { host: timezone, table }, now)),
  };
  const collected: Collected = { entries: [], left: [], mailed: [] };
  for (const file of files) importTable(file, context, collected);
  const { entries, left, mailed } = collected;
  const [place] = mailed;
  if (place !== undefined) {
    const jobs = mailed.length === 1 ? 'this job' : `${mailed.length} jobs`;
    const reason = `cron mails the output of ${jobs} to the user, and beat does not: ${MAIL_RECIPE}`;
    left.push({ kind: 'note', place, reason });
  }
  return { settings: { timezone }, entries, left };
}

function importTable({ path, text, format }: CronFile, context: Context, { entries, left, mailed }: Collected): void {
  const { cron, user } = context;
  const table = parseTable(text, { format, cron, owner: user });
  const lines = text.split(/\r?\n/);
  const locate = (line: number) => ({ place: `${path}:${line}`, text: lines[line - 1]!.trim() });
  const rejected: number[] = [];
  const reportAt = (line: number, { isRejected, ...problem }: Problem) => {
    left.push({ ...locate(line), ...problem });
    if (isRejected) rejected.push(line);
  };
  for (const { line, ...problem } of table.left) reportAt(line, problem);
  const noted = new Set<string>();
  let imported = 0;
  for (const job of table.jobs) {
    const report = (problem: Problem) => reportAt(job.line, problem);
    const problem = checkUser(job, format, context.host) ?? findZoneProblem(job, context);
    if (problem && problem.kind !== 'note') {
      report(problem);
      continue;
    }
    if (format !== 'anacron' && job.when !== '@reboot' && !isAccepted(job.when)) rejected.push(job.line);
    const when = format === 'anacron' ? convertPeriod(job.when) : context.convertWhen(job.when, job.cronTz?.value);
    if (typeof when === 'string') {
      report({ reason: when });
      continue;
    }
    if (problem && !noted.has(problem.reason)) report(problem);
    if (problem) noted.add(problem.reason);
    if (when.note !== undefined) report({ kind: 'different', reason: when.note });
    if (job.mailTo === undefined) mailed.push(`${path}:${job.line}`);
    imported += 1;
    entries.push({
      name: context.names.take(nameJob(job)),
      ...locate(job.line),
      fields: toEntry({ ...job, user: job.user ?? user }, when.schedule, format),
      lastRunAt: job.id === undefined ? undefined : context.findLastRun(job.id),
      upcoming: when.upcoming,
    });
  }
  const [invalid] = rejected;
  if (invalid !== undefined && imported > 0 && cron !== 'cronie' && format !== 'anacron') {
    const reason =
      "Debian's cron ignores a whole table with a line that it rejects: the imported lines may not have run there";
    left.push({ kind: 'note', place: `${path}:${invalid}`, reason });
  }
}

/** Why the zone of a job is uncertain: cronie follows `CRON_TZ`, Debian's cron does not. */
function findZoneProblem({ cronTz }: CronJob, options: CrontabOptions): Problem | undefined {
  if (options.cron !== undefined || !cronTz || cronTz.value === options.timezone) return undefined;
  return {
    reason: `the zone of this job is unknown: cronie (Fedora, RHEL, SUSE, Arch) follows CRON_TZ=${cronTz.value} in line ${cronTz.line}, Debian's and Ubuntu's cron ignores it; --cron cronie or --cron debian says which one it was`,
  };
}

export interface CronHost {
  readonly isUser: (name: string) => boolean | undefined;
  readonly isProgram: (name: string) => boolean;
}

/** Finds a problem with the user of a job: the user does not exist, or a table without users seems to name one. */
function checkUser(job: CronJob, format: TableFormat, host: CronHost): Problem | undefined {
  if (format === 'system') {
    const reason = describeUser(job.user!, host);
    return reason === undefined ? undefined : { reason, isRejected: true };
  }
  const [word = ''] = job.command.split(/\s/, 1);
  if (format === 'anacron' || !isUserName(word)) return undefined;
  if (word !== 'root' && host.isUser(word) !== true) return undefined;
  if (!host.isProgram(word)) {
    const reason = `the command begins with the user ${word}, as in crontabs of the system: import it with --system`;
    return { reason };
  }
  const reason = `${word} is a program and also a user: if the lines of this table name users, import it with --system`;
  return { kind: 'note', reason };
}

/** Whether a word can be a user's name. Other words, such as programs of other systems, are not looked up. */
function isUserName(word: string): boolean {
  return /^[a-z_][a-z\d_.-]{0,31}\$?$/i.test(word);
}

function describeUser(user: string, { isUser }: CronHost): string | undefined {
  const hint = 'if the lines of this table name no users, import it without --system';
  if (user.includes('/')) return `the path ${user} is in the place of the user: ${hint}`;
  if (user.includes(':')) return `${user} is not a user: cron accepts no group`;
  if (isUser(user) !== false) return undefined;
  return `the user ${user} does not exist on this host, so that cron rejects the line: ${hint}`;
}

/** The working directory of jobs without `HOME`: the home of their user. */
const USERS_HOME = '~';

function toEntry(
  { comment, cronTz, command, stdin, user, env: variables }: CronJob,
  schedule: EntryConfig['schedule'],
  format: TableFormat,
): EntryConfig {
  const { SHELL: shell, ...env } = variables;
  const cwd = env['HOME'] ?? (format === 'anacron' ? undefined : USERS_HOME);
  const more = withoutAbsent({ shell, cwd, env: Object.keys(env).length > 0 ? env : undefined, stdin, user });
  return {
    ...(comment !== undefined && { description: comment }),
    schedule,
    ...(cronTz && { timezone: cronTz.value }),
    shell: Object.keys(more).length === 0 ? command : { command, ...more },
    // cron drops what it missed; anacron runs it once.
    missed: format === 'anacron' ? 'once' : 'skip',
  };
}

/** Words at the beginning of a command that do not name what it does. */
const SYNTAX = 'test if then cd command env nice ionice sudo exec sh'.split(' ');

/** A name for the entry: anacron's, or the first program in the command. */
function nameJob({ id, command }: CronJob): string {
  const words = command.split(/[\s;&|()]+/);
  const isProgram = (word: string) => /^[\w./+-]*[a-z][\w./+-]*$/i.test(word) && !word.startsWith('-');
  const program = words.find((word) => isProgram(word) && !SYNTAX.includes(word));
  return id ?? program?.split('/').findLast(Boolean) ?? 'command';
}
