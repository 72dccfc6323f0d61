import { readFileSync } from 'node:fs';
import { readJson } from '../../../config/source/json.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import type { Exported } from '../../../import/celery/exported.ts';

/** Reads what `celery_beat.export` made elsewhere, from a file or `-` for standard input. Throws a `ConfigError`. */
export function readExport(path: string): Exported {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new ConfigError(`--exported: ${path} cannot be read: ${describeError(error)}`);
  }
  const exported = readJson(text, path).config as Partial<Exported> | null;
  if (exported?.settings && exported.entries && exported.problems) return exported as Exported;
  throw new ConfigError(`--exported: ${path} is not the export of a Celery app`);
}
