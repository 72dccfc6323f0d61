import { lstat, readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { ConfigError } from '../../util/errors.ts';

/** Kinds of files that hold a configuration, in the order in which they are looked for. */
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.yaml', '.yml', '.json'];

const STEM = 'beat.config';
const FOLDER = 'schedules';

/** The files to read, as the user would name them. Throws a `ConfigError` when there are none. */
export async function findConfig(path: string | undefined, cwd: string): Promise<string[]> {
  if (path === undefined) return findDefault(cwd);
  const kind = await kindOf(resolve(cwd, path));
  if (kind === 'folder') return filesIn(path, cwd);
  if (kind === undefined) throw new ConfigError(`no such file or folder: ${path}`);
  if (!EXTENSIONS.includes(extname(path))) {
    throw new ConfigError(`${path}: not a kind of file that beat reads; ${READ}`);
  }
  return [path];
}

const READ = `it reads ${EXTENSIONS.join(', ')}`;

async function findDefault(cwd: string): Promise<string[]> {
  const names = EXTENSIONS.map((extension) => STEM + extension);
  const kinds = await Promise.all(names.map((name) => kindOf(join(cwd, name))));
  const found = names.filter((_, i) => kinds[i] === 'file');
  if (found.length > 1) {
    throw new ConfigError(
      `${found.join(' and ')} are both here; keep one, or name one with --config`,
    );
  }
  if (found.length === 1) return found;
  if ((await kindOf(join(cwd, FOLDER))) === 'folder') return filesIn(FOLDER, cwd);
  throw new ConfigError(NOTHING_FOUND);
}

const NOTHING_FOUND = `no configuration here: looked for ${STEM}{${EXTENSIONS.join(',')}} and the folder ${FOLDER}/
To start, write this into ${STEM}.yaml:

beatSchedule:
  hello:
    task: tasks.hello
    schedule: 10 # seconds
`;

/** Top-keys files alone: a folder below may hold anything, such as examples and helpers. */
async function filesIn(folder: string, cwd: string): Promise<string[]> {
  const names = (await readdir(resolve(cwd, folder))).filter(isConfig).sort();
  const kinds = await Promise.all(names.map((name) => kindOf(resolve(cwd, folder, name))));
  const files = names.filter((_, i) => kinds[i] === 'file');
  if (files.length === 0)
    throw new ConfigError(`${folder}: no configuration in this folder; ${READ}`);
  return files.map((name) => join(folder, name));
}

/** Not what editors and tests leave beside it: `.x.yaml.swp`, `x.yaml~`, `#x.yaml#`, `x.test.ts`, `x.d.ts`. */
function isConfig(name: string): boolean {
  return (
    EXTENSIONS.includes(extname(name)) &&
    !/^[.#]/.test(name) &&
    !/\.(test|spec|d)\.m?[jt]s$/.test(name)
  );
}

/**
 * Follows links: Kubernetes mounts files as such. What is no folder counts as a file, a link to nothing and a
 * device too: reading it says what is wrong, and leaving it out would lose its entries without a word.
 */
async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (!isMissing(error)) throw unreadable(path, error);
  }
  try {
    await lstat(path);
    return 'file';
  } catch (error) {
    if (!isMissing(error)) throw unreadable(path, error);
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function unreadable(path: string, error: unknown): ConfigError {
  return new ConfigError(`cannot read ${path}: ${(error as Error).message}`);
}
