import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, realpathSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A file may contain the password of a broker. */
const OWNER_ONLY = 0o600;

/**
 * Writes a file. A new one has mode 0600; an existing one is replaced in one step, so that no reader sees a part of
 * it, and keeps its owner and mode. Throws the error of the file system: `EEXIST` for an existing file without `force`.
 */
export function writeFile(path: string, text: string, force: boolean): void {
  const existing = force ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (!existing) writeFileSync(path, text, { flag: 'wx', mode: OWNER_ONLY });
  else if (existing.isFile()) replace(realpathSync(path), text, existing);
  // The path is a device or a pipe.
  else writeFileSync(path, text);
}

function replace(path: string, text: string, { uid, gid, mode }: Stats): void {
  // Its extension hides it from a beat that reads all files of the folder.
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: OWNER_ONLY, flush: true });
    chownSync(temporary, uid, gid);
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
