import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CronHost } from '../../../import/crontab/users.ts';

const FOLDERS = ['/bin', '/usr/bin', '/usr/local/bin', '/sbin', '/usr/sbin', '/usr/local/sbin'];

/** What `getent` exits with for an unknown name. */
const UNKNOWN = 2;

/** More users than this are not looked up one by one, because the database may be on another host. */
const MAX_LOOKUPS = 200;

/** Asks this host for users and programs. */
export function readHost(): CronHost {
  let listed: ReadonlySet<string> | undefined;
  const found = new Map<string, boolean | undefined>();
  return {
    isUser: (name) => {
      listed ??= listUsers();
      if (listed.has(name)) return true;
      if (!found.has(name) && found.size < MAX_LOOKUPS) found.set(name, findUser(name));
      return found.get(name);
    },
    isProgram: (name) => FOLDERS.some((folder) => existsSync(join(folder, name))),
  };
}

function listUsers(): ReadonlySet<string> {
  try {
    const text = getent('passwd');
    return new Set(text.split('\n').map((line) => line.split(':', 1)[0]!));
  } catch {
    return new Set();
  }
}

/** Directories such as LDAP may not list their users. */
function findUser(name: string): boolean | undefined {
  if (name === '' || name.startsWith('-')) return false;
  try {
    getent('passwd', name);
    return true;
  } catch (error) {
    return (error as { readonly status?: number }).status === UNKNOWN ? false : undefined;
  }
}

function getent(...args: readonly string[]): string {
  return execFileSync('getent', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
