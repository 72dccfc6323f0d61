import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { writeError } from '../../output/write-lines.ts';

const NAME = 'python3';

/**
 * Returns the Python that runs a project: the one that is named, or that of the active virtual environment, which need
 * not be first in the path. Prints which one it takes from the path, because a project rarely runs with that of the host.
 */
export function findPython(named: string | undefined): string {
  if (named !== undefined) return named;
  const { VIRTUAL_ENV: active = '', PATH = '' } = process.env;
  const python = join(active, 'bin/python');
  if (active !== '' && existsSync(python)) return python;
  const found = PATH.split(delimiter)
    .map((folder) => join(folder, NAME))
    .find((path) => existsSync(path));
  const why = active === '' ? 'no virtual environment is active' : `${python} does not exist`;
  const text = `${why}, so the project runs with ${found ?? NAME}`;
  writeError(`note: ${text}; --python .venv/bin/python names another`);
  return found ?? NAME;
}
