import { basename, dirname, extname, resolve } from 'node:path';
import type { BeatConfig } from '../../../config/config-types.ts';
import { withCanonicalKeys } from '../../../config/resolve.ts';
import { findConfig } from '../../../config/source/find.ts';
import { MAX_FILE_SIZE } from '../../../config/source/limits.ts';
import { readSource } from '../../../config/source/read.ts';
import { isMap } from '../../../util/is-map.ts';
import { ConfigError } from '../../../util/errors.ts';

/** Modules are not read: that would run them. */
const DATA = ['.yaml', '.yml', '.json'];

/** A folder with such a file is not read as a folder of schedules. */
const SINGLE = 'beat.config.';

/**
 * Throws a `ConfigError` if another file in the folder of an output has entries of these names: beat rejects a folder
 * in which two files have an entry of one name.
 */
export async function checkNames(output: string, names: readonly string[]): Promise<void> {
  const files = await listFiles(dirname(output));
  if ([output, ...files].some((file) => basename(file).startsWith(SINGLE))) return;
  const others = files.filter(
    (file) => resolve(file) !== resolve(output) && DATA.includes(extname(file)),
  );
  for (const file of others) {
    const existing = await readNames(file);
    const both = names.filter((name) => existing.has(name));
    if (both.length === 0) continue;
    const what = both.length === 1 ? 'an entry of the name' : 'entries of the names';
    const listed = `${both.slice(0, 3).join(', ')}${both.length > 3 ? ', …' : ''}`;
    throw new ConfigError(
      `${file} has ${what} ${listed} too; --prefix TEXT puts a text before all imported names, --force writes them as they are`,
    );
  }
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    return await findConfig(folder, process.cwd());
  } catch (error) {
    // The folder does not exist, or has no configuration.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/** The names of the entries in a file; none if it is not a configuration. */
async function readNames(file: string): Promise<ReadonlySet<string>> {
  const options = { cwd: process.cwd(), maxSize: MAX_FILE_SIZE, id: 'import' };
  const { config } = await readSource(file, options);
  if (!isMap(config)) return new Set();
  const { beatSchedule } = withCanonicalKeys(config as BeatConfig);
  return new Set(isMap(beatSchedule) ? Object.keys(beatSchedule) : []);
}
