/**
 * The folder of the sockets that `beat healthcheck` connects to. Other users cannot enter it, so that they
 * can neither answer in place of beat nor read its answers.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Lists the possible folders, the best first; which of them can be written depends on the host or container. */
export function privateFolders(env: Environment, uid: number): string[] {
  const named = env['BEAT_RUNTIME_DIR'];
  if (named) return [named];
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    ...(runtime ? [join(runtime, 'beat')] : []),
    // The second exists in containers with a read-only root file system.
    ...[tmpdir(), '/dev/shm'].map((base) => join(base, `beat-${uid}`)),
  ];
}

/** Whether the folder belongs to this user and is closed to all others. With `make`, a missing folder is created. */
export function isPrivate(folder: string, uid: number, make: boolean): boolean {
  if (make) makeFolder(folder);
  try {
    // Links are not followed: another user may have created them.
    const { mode, uid: owner } = lstatSync(folder);
    return isDirectory(mode) && owner === uid && (mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Creates the folder, but not its parents: a missing runtime folder must not be created here. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // The folder exists or cannot be created; `isPrivate` finds out which.
  }
}

const [TYPE, DIRECTORY] = [0o170000, 0o040000];

function isDirectory(mode: number): boolean {
  return (mode & TYPE) === DIRECTORY;
}
