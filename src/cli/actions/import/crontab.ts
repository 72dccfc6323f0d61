import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DateTime } from 'luxon';
import { CRONS } from '../../../import/crontab/parse.ts';
import { importTables, type CronFile, type CronHost } from '../../../import/crontab/import.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import { systemClock } from '../../../util/system-clock.ts';
import type { ExitCode } from '../../exit.ts';
import { readChoice } from '../../flags/options.ts';
import { runImport, type ImportFlags } from './run-import.ts';

interface CrontabFlags extends ImportFlags {
  readonly user?: string;
  readonly system?: boolean;
  readonly cron?: string;
  /** The folder of anacron's timestamps. */
  readonly spool: string;
}

const NOT_COMPARED =
  "commands in the environment of the worker, and the instants of cron itself: beat's model of cron stands in for it";

const SYSTEM_FILES = ['/etc/crontab', '/etc/cron.d'];

/** In a folder, cron reads only files with such names, which excludes backups and old files of packages. */
const READ_BY_CRON = /^[\w-]+$/;

/** `beat import crontab`: writes the jobs of crontabs as a schedule file. */
export function importCrontab(flags: CrontabFlags, path?: string): Promise<ExitCode> {
  if (flags.user !== undefined && flags.system) {
    throw new ConfigError('beat import crontab: expected either --user or --system');
  }
  const cron = flags.cron === undefined ? undefined : readChoice('--cron', flags.cron, CRONS);
  return runImport('CRON', flags, () => {
    const files = readFiles(path, flags.system === true);
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const findLastRun = (id: string) => (flags.lastRuns ? readLastRun(flags.spool, id, timezone) : undefined);
    const { user } = flags;
    const found = importTables(files, { timezone, user, findLastRun, cron, host: readHost(), now: systemClock.now() });
    return { found, source: files.map((file) => file.path).join(', '), notCompared: NOT_COMPARED };
  });
}

/** The beginning of the day on which anacron last ran a job, epoch milliseconds; `undefined` if it never did. */
function readLastRun(spool: string, id: string, timezone: string): number | undefined {
  const path = join(spool, id);
  if (!existsSync(path)) return undefined;
  const day = DateTime.fromFormat(readFileSync(path, 'utf8').trim(), 'yyyyMMdd', { zone: timezone });
  if (!day.isValid) throw new ConfigError(`${path}: expected a day such as 20261122`);
  return day.toMillis();
}

function readFiles(path: string | undefined, system: boolean): readonly CronFile[] {
  const given = path === undefined ? SYSTEM_FILES.filter((file) => existsSync(file)) : [path];
  if (path === undefined && (!system || given.length === 0)) {
    const reason = system ? `there is neither ${SYSTEM_FILES.join(' nor ')}` : 'expected a file';
    throw new ConfigError(`beat import crontab: ${reason}; for your own crontab: crontab -l | beat import crontab -`);
  }
  try {
    return given.flatMap((file) => listFiles(file).map((inside) => readFile(inside, system || namesUsers(file))));
  } catch (error) {
    throw new ConfigError(`beat import crontab: cannot be read: ${describeError(error)}`);
  }
}

/** Whether the lines of a crontab name a user, judged by its path: the crontabs of users do not. */
function namesUsers(path: string): boolean {
  if (path === '-') return false;
  return statSync(path).isDirectory() || /^\/etc\/(?:crontab$|cron\.d\/)/.test(resolve(path));
}

function listFiles(path: string): readonly string[] {
  if (path === '-' || !statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => READ_BY_CRON.test(name));
  return names.sort().map((name) => join(path, name));
}

function readFile(path: string, system: boolean): CronFile {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8');
  if (basename(path) === 'anacrontab') return { path, text, format: 'anacron' };
  return { path: path === '-' ? 'standard input' : path, text, format: system ? 'system' : 'user' };
}

const FOLDERS = ['/bin', '/usr/bin', '/usr/local/bin', '/sbin', '/usr/sbin', '/usr/local/sbin'];

/** The exit code of `getent` for an unknown name. */
const UNKNOWN = 2;

/** The most users to look up one by one: the user database may be on another host. */
const MAX_LOOKUPS = 200;

function readHost(): CronHost {
  let listed: ReadonlySet<string> | undefined;
  const found = new Map<string, boolean | undefined>();
  return {
    isUser: (name) => {
      listed ??= listUsers();
      if (listed.has(name)) return true;
      if (!found.has(name) && found.size < MAX_LOOKUPS) found.set(name, findUser(name));
      return found.get(name);
    },
    isProgram: (name) => FOLDERS.some((folder) => existsSync(join(folder, name))),
  };
}

function listUsers(): ReadonlySet<string> {
  try {
    const text = getent('passwd');
    return new Set(text.split('\n').map((line) => line.split(':', 1)[0]!));
  } catch {
    return new Set();
  }
}

/** Looks up one user, because directories such as LDAP may not list their users. */
function findUser(name: string): boolean | undefined {
  if (name === '' || name.startsWith('-')) return false;
  try {
    getent('passwd', name);
    return true;
  } catch (error) {
    return (error as { readonly status?: number }).status === UNKNOWN ? false : undefined;
  }
}

function getent(...args: readonly string[]): string {
  return execFileSync('getent', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
