import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Host } from './process-group.ts';
import { JobRejected } from './result.ts';

/** The paths of `setpriv` of util-linux. Root must not search for it in a path that a job sets. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/local/bin/setpriv'];

/**
 * Prepares the start of a job as a user of this host, with all groups of that user. Node itself drops the
 * supplementary groups, so `setpriv` of util-linux switches the user. It must run with the worker's own environment:
 * `PATH` or `LD_PRELOAD` of a job would have root load code of the user. Resolves with the variables of the user, and
 * the program that starts its further arguments as the user; it is empty if there is nothing to switch.
 */
export async function switchUser(user: string, { uid }: Host) {
  const found = await findUser(user);
  if (!found) throw new JobRejected(`the user ${JSON.stringify(user)} does not exist on this host`);
  const env = { HOME: found.home, USER: found.name, LOGNAME: found.name };
  if (found.uid === uid) return { env, program: [] };
  if (uid !== 0) {
    const reason = `the worker runs as user ${uid}; only root can run commands as ${JSON.stringify(user)}`;
    throw new JobRejected(reason);
  }
  const setpriv = SETPRIV.find((path) => existsSync(path));
  if (setpriv === undefined) throw new JobRejected('setpriv of util-linux, which switches the user, is not installed');
  const ids = [`--reuid=${found.uid}`, `--regid=${found.gid}`, '--init-groups'];
  return { env, program: [setpriv, ...ids, '--'] };
}

/** The exit code of `getent` for an unknown name. */
const UNKNOWN = 2;

/** Looks up a user in the user database of the host, which may be LDAP. */
async function findUser(user: string) {
  if (user === '' || user.startsWith('-')) return null;
  try {
    const { stdout } = await promisify(execFile)('getent', ['passwd', user]);
    const [name = '', , uid, gid, , home = '/'] = stdout.trim().split(':');
    return { name, uid: Number(uid), gid: Number(gid), home };
  } catch (error) {
    const { code, message } = error as ExecFileException;
    if (code === UNKNOWN) return null;
    throw new JobRejected(`the user cannot be looked up: ${message}`);
  }
}
