import { expect, test } from 'vitest';
import { prepareFlags, rejectUnknownArguments } from '../../../../src/cli/flags/global-flags.ts';
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

const reject = (argument: string) => () => {
  rejectUnknownArguments([argument], ['start', 'check']);
};

test('unknown arguments: a setting is rejected with a pointer to the configuration, its password masked', () => {
  expect(reject('broker.url=redis://:secret@host')).toThrow(
    '"broker.url=redis://:**@host": settings are not read from the command line; put broker_url into',
  );
  expect(reject('.timezone=UTC')).toThrow('put timezone into the configuration');
});

test('unknown arguments: a misspelled command gets a suggestion, another word the allowed commands', () => {
  expect(reject('chekc')).toThrow('did you mean "check"?');
  expect(reject('worker')).toThrow('allowed: start, check');
});
