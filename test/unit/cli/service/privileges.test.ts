import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dropPrivileges } from '../../../../src/cli/service/privileges.ts';
import { Child } from '../../../support/child.ts';
import { asUnprivileged, UNPRIVILEGED, whyNotUnprivileged } from '../../../support/unprivileged-user.ts';

test('privileges: set the umask, and change nothing without flags', () => {
  const before = process.umask(0o22);
  try {
    dropPrivileges({ umask: '027' });
    expect(process.umask(0o22)).toBe(0o27);
    dropPrivileges({});
  } finally {
    expect(process.umask(before)).toBe(0o22);
  }
});

test('privileges: accept the user and group that beat already runs as', () => {
  const { uid, gid } = userInfo();
  dropPrivileges({ uid: String(uid), gid: String(gid) });
  expect([process.getuid?.(), process.getgid?.()]).toEqual([uid, gid]);
});

const cannot = whyNotUnprivileged();

describe.skipIf(cannot)(cannot || 'as root', () => {
  /** Applies the flags in a new process; returns its ids and groups, or the error. */
  async function apply(flags: object, prefix: readonly string[] = [], before = ''): Promise<string> {
    const module = join(import.meta.dirname, '../../../../src/cli/service/privileges.ts');
    const script = `
      ${before}
      const { dropPrivileges } = await import(${JSON.stringify(module)});
      try {
        dropPrivileges(${JSON.stringify(flags)});
        const ids = [process.getuid(), process.geteuid(), process.getgid(), process.getegid()];
        console.log(...ids, '|', ...process.getgroups());
      } catch (error) { console.log(error.message); }`;
    const lines: string[] = [];
    const [command, ...args] = [...prefix, process.execPath, '--input-type=module'];
    await using child = new Child(command, [...args, '-e', script], { lines: { 1: (line) => lines.push(line) } });
    await child.exited;
    return lines.join('\n');
  }

  test.each(['nobody', String(UNPRIVILEGED)])(
    'privileges: root switches to the user --uid %s with its groups',
    async (uid) => {
      const ids = Array(4).fill(UNPRIVILEGED).join(' ');
      expect(await apply({ uid })).toBe(`${ids} | ${UNPRIVILEGED}`);
    },
  );

  test('privileges: a number without a user needs --gid', async () => {
    const ids = `54321 54321 ${UNPRIVILEGED} ${UNPRIVILEGED}`;
    expect(await apply({ uid: '54321', gid: String(UNPRIVILEGED) })).toBe(`${ids} | ${UNPRIVILEGED}`);
    expect(await apply({ uid: '54321' })).toMatch(/^--uid 54321: the host has no user with this number/);
  });

  test('privileges: unknown users and groups are rejected', async () => {
    expect(await apply({ uid: 'nosuch' })).toBe('--uid nosuch: there is no such user');
    expect(await apply({ gid: 'nosuch' })).toBe('--gid nosuch: there is no such group');
  });

  test('privileges: a process that is not root accepts only its own user and group', async () => {
    for (const flags of [{ uid: 'root' }, { uid: '0' }, { uid: 'nobody', gid: 'root' }]) {
      expect(await apply(flags, asUnprivileged)).toMatch(
        /^--[ug]id (root|0): only root can change user or group, and this process runs as nobody \(65534\)/,
      );
    }
    const own = { uid: 'nobody', gid: String(UNPRIVILEGED) };
    expect(await apply(own, asUnprivileged)).toMatch(
      `${UNPRIVILEGED} ${UNPRIVILEGED} ${UNPRIVILEGED} ${UNPRIVILEGED} |`,
    );
  });

  test('privileges: beat does not start where it could become root again', async () => {
    const temporary = 'process.setuid = process.seteuid;';
    expect(await apply({ uid: String(UNPRIVILEGED) }, [], temporary)).toBe(
      `--uid ${UNPRIVILEGED}: this system allows the process to become root again; beat was not started`,
    );
  });

  test('privileges: --gid alone changes the group and keeps the user root', async () => {
    expect(await apply({ gid: String(UNPRIVILEGED) })).toMatch(`0 0 ${UNPRIVILEGED} ${UNPRIVILEGED} |`);
  });
});
