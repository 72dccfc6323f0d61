import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Folder } from './folder.ts';

/** Names the folder of a run's templates to the processes of the run. */
const TEMPLATES = 'TEST_DATA_TEMPLATES';

/**
 * A global set-up that has database servers of a run start from copies of a data folder, which take less time than
 * a new one.
 */
export default function setUp(): () => void {
  const folder = new Folder();
  process.env[TEMPLATES] = folder.path;
  return () => folder[Symbol.dispose]();
}

/** Makes the data folder of a server at `path`: `create` makes the run's first, and later ones are copies of it. */
export async function makeDataFolder(product: string, path: string, create: () => Promise<void>): Promise<void> {
  const templates = process.env[TEMPLATES];
  const template = templates === undefined ? null : join(templates, product);
  if (template !== null && existsSync(template)) return copy(template, path);
  await create();
  if (template === null) return;
  const draft = `${template}.${randomUUID()}`;
  await copy(path, draft);
  // Of servers that create one at the same time, the first wins; a folder that is there is complete.
  await rename(draft, template).catch(() => rm(draft, { recursive: true }));
}

/** With owners and modes, which database servers check. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}
