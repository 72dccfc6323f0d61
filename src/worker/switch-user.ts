import { execFile } from 'node:child_process';
import type { Host } from './host.ts';
import { CommandRejected } from './outcome.ts';

/** How to run a command as another user: a program that replaces itself with the shell, and variables. */
interface SwitchedUser {
  readonly before: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Prepares the start of a command as a user of this host, with all groups of that user. Node itself drops the
 * supplementary groups, so `setpriv` of util-linux switches the user.
 */
export async function switchUser(user: string, { uid }: Host): Promise<SwitchedUser> {
  const found = await findUser(user);
  if (!found)
    throw new CommandRejected(`the user ${JSON.stringify(user)} does not exist on this host`);
  const env = { HOME: found.home, USER: found.name, LOGNAME: found.name };
  if (found.uid === uid) return { before: [], env };
  if (uid !== 0) {
    const reason = `the worker runs as user ${uid}; only root can run commands as ${JSON.stringify(user)}`;
    throw new CommandRejected(reason);
  }
  const ids = [`--reuid=${found.uid}`, `--regid=${found.gid}`, '--init-groups'];
  return { before: ['setpriv', ...ids, '--'], env };
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Asks the user database of the host, which may be LDAP. */
function findUser(user: string): Promise<User | null> {
  if (user === '' || user.startsWith('-')) return Promise.resolve(null);
  return new Promise((resolve) => {
    execFile('getent', ['passwd', user], (error, stdout) => {
      const [name = '', , uid, gid, , home = '/'] = stdout.trim().split(':');
      resolve(error ? null : { name, uid: Number(uid), gid: Number(gid), home });
    });
  });
}
