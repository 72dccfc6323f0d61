import type { Settings } from './settings.ts';
import { findConfig } from './source/find.ts';
import { MAX_FILE_SIZE } from './source/limits.ts';
import { readSource } from './source/read.ts';
import type { Overrides } from './read-settings.ts';
import { resolveSources } from './resolve.ts';
import type { Source } from './source/source.ts';

export interface LoadOptions {
  /** The folder that relative paths start from, and that is searched when no path is given. */
  readonly cwd: string;
  readonly overrides?: Overrides;
  /** The most bytes that a file may have, 64 MiB unless given: a larger one is refused before it is read. */
  readonly maxFileSize?: number | undefined;
}

/**
 * Reads and validates a configuration: one file, or a folder of them. Without a path it is looked for in
 * `cwd`: `beat.config.*`, then the folder `schedules`. Throws one `ConfigError` with every problem found.
 */
export async function loadSettings(
  path: string | undefined,
  { cwd, overrides = {}, maxFileSize }: LoadOptions,
): Promise<Settings> {
  return resolveSources(await loadSources(path, cwd, maxFileSize), overrides);
}

/** What stands in the files, before validation. Files that cannot be read carry their errors along. */
export async function loadSources(
  path: string | undefined,
  cwd: string,
  maxSize = MAX_FILE_SIZE,
): Promise<Source[]> {
  const files = await findConfig(path, cwd);
  return Promise.all(files.map((file) => readSource(file, { cwd, maxSize })));
}
