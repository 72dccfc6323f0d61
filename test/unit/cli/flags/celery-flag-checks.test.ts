import { expect, test } from 'vitest';
import { checkCeleryFlags } from '../../../../src/cli/flags/celery-flags.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

test.each([
  [{ scheduler: 'django' }, /beat does not read entries from Django's database; move them to beatSchedule/],
  [{ scheduler: 'django_celery_beat.schedulers:DatabaseScheduler' }, /Django's database/],
  [{ scheduler: 'redbeat.RedBeatScheduler' }, /does not read RedBeat's entries from Redis; .*omit -S/],
  [{ scheduler: 'proj.Mine' }, /cannot run a scheduler written in Python/],
  [{ maxInterval: 'soon' }, /whole number of seconds, got "soon"/],
  [{ umask: '089' }, /--umask: expected an octal number .* got "089"/],
  [{ umask: '512' }, /--umask/],
  [{ logfile: 'beat-%z.log' }, /--logfile beat-%z\.log: unknown placeholder "%z"/],
  [{ pidfile: '%q.pid' }, /--pidfile %q\.pid: unknown placeholder "%q"/],
])('flag checks: reject %o and name the alternative', (flags, message) => {
  expect(() => checkCeleryFlags(flags)).toThrow(message);
  expect(() => checkCeleryFlags(flags)).toThrow(ConfigError);
});
