import type { CronJob } from './parse.ts';
import type { LeftLine, TableFormat } from './table.ts';

/** What the host of the import knows of users and programs. */
export interface CronHost {
  /** Whether a user exists; `undefined` if the lookup failed. */
  readonly isUser: (name: string) => boolean | undefined;
  /** Whether a program of this name is in the usual folders. */
  readonly isProgram: (name: string) => boolean;
}

type Problem = Omit<LeftLine, 'line'>;

/** What is wrong with the user of a job: one that does not exist, or one where the table names none. */
export function checkUser(job: CronJob, format: TableFormat, host: CronHost): Problem | undefined {
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

/** Names that programs of other systems may have are not looked up. */
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
