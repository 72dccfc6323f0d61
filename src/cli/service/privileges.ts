/**
 * `--uid` and `--gid`. Node has no way to look a user up, but the host's own way of doing so (files, LDAP,
 * whatever is configured) stands behind the calls that take a name: so they are asked by becoming that
 * user or group for a moment, in effect only, which root can take back.
 */
import { userInfo } from 'node:os';
import { ConfigError } from '../../util/errors.ts';

/** Left out of Node's types. */
const { initgroups } = process as unknown as {
  initgroups: (user: string, extraGroup: number) => void;
};

interface User {
  readonly uid: number;
  /** Absent for a number that no user has. */
  readonly account?: { readonly name: string; readonly gid: number };
}

/**
 * Becomes another user and group for good. A user without a group gets the user's own one. Throws a
 * `ConfigError` when there is no such user or group, or when this process may not become it.
 */
export function dropPrivileges(uid: string | undefined, gid: string | undefined): void {
  if (uid === undefined && gid === undefined) return;
  if (!process.setuid) throw new ConfigError(`--uid and --gid: there are none on this system`);
  if (process.geteuid!() !== 0) return refuseUnlessSame(uid, gid);
  const user = uid === undefined ? undefined : userOf(uid);
  const group = gid === undefined ? user?.account?.gid : groupOf(gid);
  if (group === undefined) {
    throw new ConfigError(
      `--uid ${uid}: no user has this number, so its group is unknown; add --gid`,
    );
  }
  // The order is all: without the rights of root no group can be left any more, and setting the group
  // may empty the list of the others.
  process.setgid!(group);
  if (user) {
    if (user.account) initgroups(user.account.name, group);
    else process.setgroups!([group]);
    process.setuid(user.uid);
    if (user.uid !== 0) ensureForGood(uid!);
  }
}

/** What is asked for may be what is: a script that gives --uid works for that user too. */
function refuseUnlessSame(uid: string | undefined, gid: string | undefined): void {
  const me = userInfo();
  const same = (given: string | undefined, ...own: (string | number)[]) =>
    given === undefined || own.map(String).includes(given);
  const refuse = (flag: string) => {
    throw new ConfigError(
      `${flag}: only root may do that, and this process belongs to ${me.username} (${me.uid}); ` +
        `start it as root, or leave --uid and --gid out`,
    );
  };
  if (!same(uid, me.uid, me.username)) refuse(`--uid ${uid}`);
  if (!same(gid, process.getgid!(), ownGroupOr(gid))) refuse(`--gid ${gid}`);
}

/** The given name, if it is that of the group this process has: whoever is in it may name it. */
function ownGroupOr(gid: string | undefined): string {
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

function userOf(given: string): User {
  if (given === '0') return { uid: 0, account: { name: 'root', gid: 0 } };
  try {
    process.seteuid!(idOf(given));
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

function groupOf(given: string): number {
  const before = process.getegid!();
  try {
    process.setegid!(idOf(given));
    return process.getegid!();
  } catch {
    throw new ConfigError(`--gid ${given}: there is no such group`);
  } finally {
    process.setegid!(before);
  }
}

function idOf(given: string): number | string {
  return /^\d+$/.test(given) ? Number(given) : given;
}

function ensureForGood(uid: string): void {
  try {
    process.setuid!(0);
  } catch {
    return;
  }
  throw new Error(
    `--uid ${uid}: this system lets the process become root again; nothing was started`,
  );
}
