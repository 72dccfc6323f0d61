/**
 * `--umask`, `--uid` and `--gid`. Node has no API to look up a user by name, but `seteuid` and `setegid`
 * accept names and resolve them as the host does (files, LDAP): so the process changes its effective ids
 * for a moment, reads them, and changes back, which root may do.
 */
import { userInfo } from 'node:os';
import { ConfigError } from '../../util/errors.ts';
import { type CeleryFlags, parseUmask } from '../flags/celery-flags.ts';

/** Missing from Node's types. */
const { initgroups } = process as unknown as { initgroups: (user: string, extraGroup: number) => void };

/**
 * Applies `--umask`, and `--uid` and `--gid` permanently; without `--gid`, the user's primary group is used. It must
 * run before any file is created, or the file belongs to the wrong user. Throws a `ConfigError` for an unknown user or group, and for a lack of permission.
 */
export function dropPrivileges({ umask, uid, gid }: CeleryFlags): void {
  if (umask !== undefined) process.umask(parseUmask(umask));
  if (uid === undefined && gid === undefined) return;
  if (!process.setuid) throw new ConfigError('--uid and --gid are not available on this system');
  if (process.geteuid!() !== 0) return checkAlreadyActive(uid, gid);
  const user = uid === undefined ? undefined : lookUpUser(uid);
  const group = gid === undefined ? user?.account?.gid : lookUpGroup(gid);
  if (group === undefined) {
    throw new ConfigError(`--uid ${uid}: the host has no user with this number, so its group is unknown; add --gid`);
  }
  // The order matters: groups cannot be changed after root is given up, and setting the group may clear
  // the supplementary groups.
  process.setgid!(group);
  if (user) {
    if (user.account) initgroups(user.account.name, group);
    else process.setgroups!([group]);
    process.setuid(user.uid);
    if (user.uid !== 0) verifyPermanent(uid!);
  }
}

/** Accepts the user and group that the process already has, so that one script works as root and as that user. */
function checkAlreadyActive(uid: string | undefined, gid: string | undefined): void {
  const me = userInfo();
  const same = (given: string | undefined, ...own: (string | number)[]) =>
    given === undefined || own.map(String).includes(given);
  const reject = (flag: string) => {
    throw new ConfigError(
      `${flag}: only root can change user or group, and this process runs as ${me.username} (${me.uid}); ` +
        `start it as root, or omit --uid and --gid`,
    );
  };
  if (!same(uid, me.uid, me.username)) reject(`--uid ${uid}`);
  if (!same(gid, process.getgid!(), matchOwnGroup(gid))) reject(`--gid ${gid}`);
}

/** Returns the given name if it is the name of the process's own group, else an empty text. */
function matchOwnGroup(gid: string | undefined): string {
  if (gid === undefined || /^\d+$/.test(gid)) return '';
  const before = process.getegid!();
  try {
    process.setegid!(gid);
    return process.getegid!() === before ? gid : '';
  } catch {
    return '';
  } finally {
    process.setegid!(before);
  }
}

/** `account` is absent for a number that is not in the host's user database. */
function lookUpUser(given: string): { uid: number; account?: { name: string; gid: number } } {
  if (given === '0') return { uid: 0, account: { name: 'root', gid: 0 } };
  try {
    process.seteuid!(parseId(given));
  } catch {
    throw new ConfigError(`--uid ${given}: there is no such user`);
  }
  try {
    const { uid, gid, username: name } = userInfo();
    return { uid, account: { name, gid } };
  } catch {
    return { uid: process.geteuid!() };
  } finally {
    process.seteuid!(0);
  }
}

function lookUpGroup(given: string): number {
  const before = process.getegid!();
  try {
    process.setegid!(parseId(given));
    return process.getegid!();
  } catch {
    throw new ConfigError(`--gid ${given}: there is no such group`);
  } finally {
    process.setegid!(before);
  }
}

function parseId(given: string): number | string {
  return /^\d+$/.test(given) ? Number(given) : given;
}

function verifyPermanent(uid: string): void {
  try {
    process.setuid!(0);
  } catch {
    return;
  }
  throw new Error(`--uid ${uid}: this system allows the process to become root again; beat was not started`);
}
