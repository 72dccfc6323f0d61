import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { ConfigError } from '../../util/errors.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.yaml', '.yml', '.json'];

const STEM = 'beat.config';
const FOLDER = 'schedules';

/** Finds the files to read, with the names that the user would use. Throws a `ConfigError` if there are none. */
export async function findConfig(path: string | undefined, cwd: string): Promise<string[]> {
  if (path === undefined) return findDefault(cwd);
  const kind = await findKind(resolve(cwd, path));
  if (kind === 'folder') return listFiles(path, cwd);
  if (kind === undefined) throw new ConfigError(`no such file or folder: ${path}`);
  if (!EXTENSIONS.includes(extname(path))) {
    throw new ConfigError(`${path}: not a kind of file that beat reads; ${READ}`);
  }
  return [path];
}

const READ = `it reads ${EXTENSIONS.join(', ')}`;

async function findDefault(cwd: string): Promise<string[]> {
  const names = EXTENSIONS.map((extension) => STEM + extension);
  const kinds = await Promise.all(names.map((name) => findKind(join(cwd, name))));
  const found = names.filter((_, i) => kinds[i] === 'file');
  if (found.length > 1) {
    throw new ConfigError(`${found.join(' and ')} are both here; remove one, or select one with --config`);
  }
  if (found.length === 1) return found;
  if ((await findKind(join(cwd, FOLDER))) === 'folder') return listFiles(FOLDER, cwd);
  throw new ConfigError(NOTHING_FOUND);
}

const NOTHING_FOUND = `no configuration found: searched for ${STEM}{${EXTENSIONS.join(',')}} and the folder ${FOLDER}/
To start, write this into ${STEM}.yaml:

beatSchedule:
  hello:
    task: tasks.hello
    schedule: 10 # seconds
`;

/** Lists the files of a folder. Its subfolders may contain examples and helpers, and are not read. */
async function listFiles(folder: string, cwd: string): Promise<string[]> {
  const names = (await readdir(resolve(cwd, folder))).filter(isConfig).sort();
  const kinds = await Promise.all(names.map((name) => findKind(resolve(cwd, folder, name))));
  const files = names.filter((_, i) => kinds[i] === 'file');
  if (files.length === 0) throw new ConfigError(`${folder}: no configuration in this folder; ${READ}`);
  return files.map((name) => join(folder, name));
}

/** Excludes files of editors and tests: `.x.yaml.swp`, `x.yaml~`, `#x.yaml#`, `x.test.ts`, `x.d.ts`. */
function isConfig(name: string): boolean {
  return EXTENSIONS.includes(extname(name)) && !/^[.#]/.test(name) && !/\.(test|spec|d)\.m?[jt]s$/.test(name);
}

/** Follows links, as ConfigMaps have them. Broken links and devices count as files, so that reading reports the error. */
async function findKind(path: string): Promise<'file' | 'folder' | undefined> {
  const stats = (await ignoreMissing(path, stat(path))) ?? (await ignoreMissing(path, lstat(path)));
  return stats && (stats.isDirectory() ? 'folder' : 'file');
}

async function ignoreMissing(path: string, found: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
