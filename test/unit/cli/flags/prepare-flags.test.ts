import { expect, test } from 'vitest';
import { prepareFlags } from '../../../../src/cli/flags/global-flags.ts';
import type { ConfigError } from '../../../../src/util/errors.ts';

test('prepare flags: reports all errors before any flag has an effect', () => {
  const wrong = { umask: 'x', scheduler: 'django', maxInterval: 'y', workdir: '/' };
  const before = process.cwd();
  try {
    prepareFlags(wrong, false);
    expect.unreachable();
  } catch (error) {
    expect((error as ConfigError).errors).toHaveLength(3);
  }
  expect(process.cwd()).toBe(before);
});

test('prepare flags: removes empty flags, as in --pidfile=$UNSET', () => {
  expect(prepareFlags({ pidfile: '', logfile: '', app: 'proj' }, false)).toEqual({ app: 'proj' });
});

test('prepare flags: a detached process skips the flags that its parent applied', () => {
  const given = { workdir: '/nowhere', uid: 'nobody', gid: 'x', umask: '022', detach: true };
  const { workdir, uid, gid, umask, detach, pidfile } = prepareFlags({ ...given, pidfile: 'b.pid' }, true);
  expect([workdir, uid, gid, umask, detach]).toEqual(Array(5).fill(undefined));
  expect(pidfile).toBe('b.pid');
});
