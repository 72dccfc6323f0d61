import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { writeYaml } from '../../config/source/write-yaml.ts';
import { compareJobs } from '../../import/crontab/compare.ts';
import { importTables, type CronFile, type Imported } from '../../import/crontab/import.ts';
import { systemClock } from '../../util/clock.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { formatInZone, formatTable } from '../output/table.ts';

export interface ImportCrontabFlags {
  readonly user?: string;
  readonly system?: boolean;
  readonly output?: string;
  readonly partial?: boolean;
  readonly compare?: string;
  readonly force?: boolean;
}

const SYSTEM_FILES = ['/etc/crontab', '/etc/cron.d'];

/** cron reads only files in a folder with such names, which excludes backups and those of packages. */
const READ_BY_CRON = /^[\w-]+$/;

/**
 * `beat import crontab`: writes the jobs of crontabs as a schedule file. Exits with 1 if a line was left out, unless
 * with `--partial`.
 */
export function importCrontab(path: string | undefined, flags: ImportCrontabFlags): ExitCode {
  const { output } = flags;
  if (flags.user !== undefined && flags.system) {
    throw new ConfigError('beat import crontab: expected either --user or --system');
  }
  const count = readCount(flags.compare);
  if (output !== undefined && !flags.force && existsSync(output)) {
    throw new ConfigError(`${output} exists; --force overwrites it`);
  }
  const files = readFiles(path, flags.system === true);
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const imported = importTables(files, { timezone, user: flags.user });
  const paths = files.map((file) => (file.path === '-' ? 'standard input' : file.path));
  const text = writeYaml(imported.config, `Imported by beat from ${paths.join(', ')}.`);
  if (output === undefined) process.stdout.write(text);
  else write(output, text);
  if (count > 0) printComparison(imported, count, output === undefined);
  for (const { path: file, line, text: source, reason } of imported.left) {
    const place = file === '-' ? 'standard input' : file;
    process.stderr.write(`${place}:${line}: not imported: ${reason}: ${source}\n`);
  }
  return imported.left.length === 0 || flags.partial ? EXIT.ok : EXIT.failure;
}

function readCount(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 1_000) return count;
  throw new ConfigError(`--compare: expected a whole number from 1 to 1000, got "${text}"`);
}

function readFiles(path: string | undefined, system: boolean): readonly CronFile[] {
  const given = path === undefined ? SYSTEM_FILES.filter((file) => existsSync(file)) : [path];
  if (path === undefined && (!system || given.length === 0)) {
    const reason = system ? `there is neither ${SYSTEM_FILES.join(' nor ')}` : 'expected a file';
    throw new ConfigError(
      `beat import crontab: ${reason}; for your own crontab: crontab -l | beat import crontab -`,
    );
  }
  try {
    return given.flatMap((file) =>
      listFiles(file).map((inside) => readFile(inside, system || namesUsers(file))),
    );
  } catch (error) {
    throw new ConfigError(`beat import crontab: cannot be read: ${describeError(error)}`);
  }
}

/** Whether the lines of a path name a user without `--system`: only crontabs of users lack it. */
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
  return { path, text, format: system ? 'system' : 'user' };
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new ConfigError(`${path}: cannot be written: ${describeError(error)}`);
  }
}

function printComparison({ config, jobs }: Imported, count: number, toError: boolean): void {
  const { timezone } = config;
  const show = (at: Date | null) => (at ? formatInZone(at.getTime(), timezone) : 'never');
  const rows = compareJobs(jobs, { timezone, count, after: new Date(systemClock.now()) }).flatMap(
    ({ name, instants }) =>
      instants.map(({ source, result }) => {
        const same = source?.getTime() === result?.getTime();
        return [name, show(source), show(result), same ? 'same' : 'DIFFERENT'];
      }),
  );
  const table = formatTable(['ENTRY', 'CRON', 'BEAT', ''], rows);
  (toError ? process.stderr : process.stdout).write(`${table}\n`);
}
