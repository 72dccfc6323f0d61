import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expand } from '../../../../src/cli/flags/placeholders.ts';
import { become, pathsOf } from '../../../../src/cli/service/paths.ts';
import { parseUmask, showUmask } from '../../../../src/cli/service/umask.ts';
import { Child } from '../../../support/child.ts';
import {
  asUnprivileged,
  UNPRIVILEGED,
  whyNotUnprivileged,
} from '../../../support/unprivileged-user.ts';

describe('a umask', () => {
  it.each([
    ['022', 0o22],
    ['0', 0],
    ['000', 0],
    ['0027', 0o27],
    ['0o77', 0o77],
    ['18', 18],
    ['511', 0o777],
  ])('%s is what Celery reads: %i', (text, mask) => {
    expect(parseUmask(text)).toBe(mask);
  });

  it.each(['', '08', '-1', '1.5', '0x1f', 'u=rwx', '512', '01000', ' 022', '0o'])(
    'is refused when it is none: "%s"',
    (text) => {
      expect(() => parseUmask(text)).toThrow(/--umask takes an octal number/);
    },
  );

  it('is shown as it is written', () => {
    expect([0, 0o7, 0o27, 0o777].map(showUmask)).toEqual(['000', '007', '027', '0777']);
  });
});

describe('the names in a path', () => {
  const at = (path: string, node?: string) => expand('--logfile', path, node, 'web1.example.org');

  it('are those of this host and of a node called celerybeat', () => {
    expect(at('%n-%h.log')).toBe('celerybeat-web1.example.org.log');
    expect(at('%p %d %i%I')).toBe('celerybeat@web1.example.org example.org 0');
  });

  it('are those that -n gives, whole or the host alone', () => {
    expect(at('%n|%h|%d|%p', 'b1@db.local')).toBe('b1|db.local|local|b1@db.local');
    expect(at('%n|%h', 'b1@')).toBe('b1|web1.example.org');
    expect(at('%n|%h', 'db.local')).toBe('celerybeat|db.local');
  });

  it('leave a % alone that no letter follows, and refuse a letter that stands for nothing', () => {
    expect(at('100%.log')).toBe('100%.log');
    expect(() => at('%H.log')).toThrow('"%H" stands for nothing; did you mean "%h"?');
  });
});

describe('the flags of a service', () => {
  it('give the log file from the root, and the pidfile as it was written, for messages', () => {
    const flags = { logfile: 'logs/%n.log', pidfile: '%n.pid', hostname: 'b1@web' };
    expect(pathsOf(flags)).toEqual({ logfile: resolve('logs/b1.log'), pidfile: 'b1.pid' });
    expect(pathsOf({})).toEqual({ logfile: undefined, pidfile: undefined });
  });

  it('set the umask, and change nothing where they ask for nothing', () => {
    const before = process.umask(0o22);
    try {
      become({ umask: '027' });
      expect(process.umask(0o22)).toBe(0o27);
      become({});
    } finally {
      expect(process.umask(before)).toBe(0o22);
    }
  });

  it('may name the user and the group that beat runs as', () => {
    const { uid, gid } = userInfo();
    become({ uid: String(uid), gid: String(gid) });
    expect([process.getuid?.(), process.getgid?.()]).toEqual([uid, gid]);
  });
});

const cannot = whyNotUnprivileged();

describe.skipIf(cannot)(cannot || 'a process of root becomes', () => {
  /** The ids of a process that these flags were given, or why it did not become what they say. */
  async function becoming(flags: object, within: readonly string[] = []): Promise<string> {
    const service = join(import.meta.dirname, '../../../../src/cli/service/paths.ts');
    const script = `
      const { become } = await import(${JSON.stringify(service)});
      try {
        become(${JSON.stringify(flags)});
        const ids = [process.getuid(), process.geteuid(), process.getgid(), process.getegid()];
        console.log(...ids, '|', ...process.getgroups());
      } catch (error) { console.log(error.message); }`;
    const lines: string[] = [];
    const [command, ...args] = [...within, process.execPath, '--input-type=module'];
    await using child = new Child(command, [...args, '-e', script], {
      lines: { 1: (line) => lines.push(line) },
    });
    await child.exited;
    return lines.join('\n');
  }

  it.each(['nobody', String(UNPRIVILEGED)])('the user --uid %s, with its groups', async (uid) => {
    const ids = Array(4).fill(UNPRIVILEGED).join(' ');
    expect(await becoming({ uid })).toBe(`${ids} | ${UNPRIVILEGED}`);
  });

  it('a number that is no user, with the group that must be given for it', async () => {
    const ids = `54321 54321 ${UNPRIVILEGED} ${UNPRIVILEGED}`;
    expect(await becoming({ uid: '54321', gid: String(UNPRIVILEGED) })).toBe(
      `${ids} | ${UNPRIVILEGED}`,
    );
    expect(await becoming({ uid: '54321' })).toMatch(/^--uid 54321: no user has this number/);
  });

  it('no user and no group that are not there', async () => {
    expect(await becoming({ uid: 'nosuch' })).toBe('--uid nosuch: there is no such user');
    expect(await becoming({ gid: 'nosuch' })).toBe('--gid nosuch: there is no such group');
  });

  it('nobody else once it is not root any more, and may be given the user and group that it has', async () => {
    for (const flags of [{ uid: 'root' }, { uid: '0' }, { uid: 'nobody', gid: 'root' }]) {
      expect(await becoming(flags, asUnprivileged)).toMatch(
        /^--[ug]id (root|0): only root may do that, and this process belongs to nobody \(65534\)/,
      );
    }
    const own = { uid: 'nobody', gid: String(UNPRIVILEGED) };
    expect(await becoming(own, asUnprivileged)).toMatch(
      `${UNPRIVILEGED} ${UNPRIVILEGED} ${UNPRIVILEGED} ${UNPRIVILEGED} |`,
    );
  });

  it('a group alone, and stays root', async () => {
    expect(await becoming({ gid: String(UNPRIVILEGED) })).toMatch(
      `0 0 ${UNPRIVILEGED} ${UNPRIVILEGED} |`,
    );
  });
});
