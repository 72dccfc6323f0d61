import type { EntryConfig } from '../../config/config-types.ts';
import type { CronJob } from './parse.ts';
import type { TableFormat } from './table.ts';

/** The working directory of jobs without `HOME`: the home of their user. */
const USERS_HOME = '~';

/** The entry for a job. `user` runs the jobs of a table without users; `timezone` is that of the table, if it has one. */
export function toEntry(
  job: CronJob,
  schedule: EntryConfig['schedule'],
  {
    format,
    user,
    timezone,
  }: {
    readonly format: TableFormat;
    readonly user: string | undefined;
    readonly timezone: string | undefined;
  },
): EntryConfig {
  return {
    ...(job.comment !== undefined && { description: job.comment }),
    schedule,
    ...(timezone !== undefined && { timezone }),
    shell: toShell(job, format, job.user ?? user),
    // cron drops what it missed; anacron runs it once.
    missed: format === 'anacron' ? 'once' : 'skip',
  };
}

function toShell(
  { command, stdin, env: variables }: CronJob,
  format: TableFormat,
  user: string | undefined,
): EntryConfig['shell'] {
  const { SHELL: shell, ...env } = variables;
  const cwd = env['HOME'] ?? (format === 'anacron' ? undefined : USERS_HOME);
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

/** A name for the entry: anacron's, or the first program in the command. */
export function nameJob({ id, command }: CronJob): string {
  const words = command.split(/[\s;&|()]+/);
  const isProgram = (word: string) =>
    /^[\w./+-]*[a-z][\w./+-]*$/i.test(word) && !word.startsWith('-');
  const program = words.find((word) => isProgram(word) && !SYNTAX.includes(word));
  return id ?? program?.split('/').findLast(Boolean) ?? 'command';
}
