/**
 * Where instances and `beat healthcheck` meet: a folder that no other user can enter, so that no other user
 * can take a name in it, answer for beat or read what it says.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Every place for the folder, the best first; which of them can be written depends on the host or container. */
export function privateFolders(env: Environment, uid: number): string[] {
  const named = env['BEAT_RUNTIME_DIR'];
  if (named) return [named];
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    ...(runtime ? [join(runtime, 'beat')] : []),
    // Containers whose root is read-only have the second.
    ...[tmpdir(), '/dev/shm'].map((base) => join(base, `beat-${uid}`)),
  ];
}

/** Makes the folder where it is not there. Answers whether it is this user's and closed to all others. */
export function isPrivate(folder: string, uid: number, make: boolean): boolean {
  if (make) makeFolder(folder);
  try {
    // Not what a link leads to: another user may have made it.
    const { mode, uid: owner } = lstatSync(folder);
    return isDirectory(mode) && owner === uid && (mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Not its parents: a runtime folder that is not there is no place for anything. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // The folder exists, or cannot be made: the check below finds out which.
  }
}

const [TYPE, DIRECTORY] = [0o170000, 0o040000];

function isDirectory(mode: number): boolean {
  return (mode & TYPE) === DIRECTORY;
}
