import { accessSync, constants, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

const { R_OK, W_OK, X_OK } = constants;

/**
 * The right to a database file or its folder that this user lacks; `null` when none is missing. SQLite creates
 * `-wal` and `-shm` files in the folder.
 */
export function missingRight(path: string): string | null {
  const folder = dirname(path);
  if (!may(folder, W_OK | X_OK)) {
    return `user ${user()} may not create files in ${folder}, as SQLite does beside the database`;
  }
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file) && !may(file, R_OK | W_OK)) {
      return `user ${user()} may not read and write ${file}`;
    }
  }
  return null;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function user(): string {
  try {
    return JSON.stringify(userInfo().username);
  } catch {
    // A container may run under a user id without a name.
    return 'of this process';
  }
}
