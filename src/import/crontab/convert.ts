import type { EntryConfig } from '../../config/config-types.ts';
import { uniqueName } from '../unique-name.ts';
import type { CronJob, TableFormat } from './parse.ts';

const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** A part of a field as cron reads it; beat's own `cron` accepts more, which cron rejects. */
const PART = /^(?:\*|[a-z]{3}|\d{1,2}|(?:\d{1,2}|[a-z]{3})-(?:\d{1,2}|[a-z]{3}))$/i;
const STEPPED = /^(?:\*|(?:\d{1,2}|[a-z]{3})-(?:\d{1,2}|[a-z]{3}))\/\d+$/i;

/** The entry for a job, or the reason why there is none. `user` runs the jobs of a table without users. */
export function convertJob(
  job: CronJob,
  format: TableFormat,
  user: string | undefined,
): EntryConfig | string {
  const schedule = format === 'anacron' ? readPeriod(job.when) : readFields(job.when);
  if ('reason' in schedule) return schedule.reason;
  return {
    ...(job.comment !== undefined && { description: job.comment }),
    schedule: schedule.schedule,
    ...(job.timezone !== undefined && { timezone: job.timezone }),
    shell: toShell(job, job.user ?? user),
    // cron drops what it missed; anacron runs it once.
    missed: format === 'anacron' ? 'once' : 'skip',
  };
}

type Converted = { readonly schedule: EntryConfig['schedule'] } | { readonly reason: string };

function readFields(when: string): Converted {
  if (when === '@reboot') return { reason: 'beat has no runs at the start of a host' };
  if (when.startsWith('@')) {
    if (NICKNAMES.includes(when)) return { schedule: { cron: when } };
    return { reason: `${when}: expected one of ${NICKNAMES.join(', ')}` };
  }
  const wrong = when
    .split(' ')
    .find((field) => !field.split(',').every((part) => PART.test(part) || STEPPED.test(part)));
  if (wrong === undefined) return { schedule: { cron: when } };
  return { reason: `the field ${wrong} is not one of crontab(5)` };
}

const PERIODS: Readonly<Record<string, EntryConfig['schedule']>> = {
  '@daily': '1d',
  '@weekly': '7d',
  '@monthly': { cron: '@monthly' },
  '@yearly': { cron: '@yearly' },
  '@annually': { cron: '@annually' },
};

function readPeriod(when: string): Converted {
  if (Object.hasOwn(PERIODS, when)) return { schedule: PERIODS[when]! };
  if (/^[1-9]\d{0,4}$/.test(when)) return { schedule: `${when}d` };
  return { reason: `the period ${when} is neither a number of days nor @monthly` };
}

function toShell(
  { command, stdin, variables }: CronJob,
  user: string | undefined,
): EntryConfig['shell'] {
  const { SHELL: shell, ...env } = variables;
  const cwd = env['HOME'];
  const more = {
    ...(shell !== undefined && { shell }),
    ...(cwd !== undefined && { cwd }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(stdin !== undefined && { stdin }),
    ...(user !== undefined && { user }),
  };
  return Object.keys(more).length === 0 ? command : { command, ...more };
}

/** Words at the beginning of a command that do not name what it does. */
const SYNTAX = [
  'test',
  'if',
  'then',
  'cd',
  'command',
  'env',
  'nice',
  'ionice',
  'sudo',
  'exec',
  'sh',
];

/** A name for the entry: anacron's, or the first program in the command, with a number if it is taken. */
export function nameJob({ id, command }: CronJob, isTaken: (name: string) => boolean): string {
  const words = command.split(/[\s;&|()]+/);
  const isProgram = (word: string) =>
    /^[\w./+-]*[a-z][\w./+-]*$/i.test(word) && !word.startsWith('-');
  const program = words.find((word) => isProgram(word) && !SYNTAX.includes(word));
  const name = id ?? program?.split('/').findLast(Boolean) ?? 'command';
  return uniqueName(name, isTaken);
}
