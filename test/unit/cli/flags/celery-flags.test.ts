import { expect, test } from 'vitest';
import { checkCeleryFlags, collectFlagNotes, formatUmask, parseUmask } from '../../../../src/cli/flags/celery-flags.ts';
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

test.each([
  [{ app: 'proj' }, '--app proj', 'does not load Python apps'],
  [{ loader: 'proj.loader' }, '--loader proj.loader', 'does not load Python apps'],
  [{ schedule: '/var/db/beat' }, '--schedule /var/db/beat', 'the ledger'],
  [{ scheduler: 'celery.beat.PersistentScheduler' }, '--scheduler celery.beat.PersistentScheduler', 'always records'],
  [{ scheduler: 'celery.beat:Scheduler' }, '--scheduler celery.beat:Scheduler', 'one scheduler'],
  [{ maxInterval: '5' }, '--max-interval 5', 'wakes exactly when an entry is due'],
  [{ executable: '/usr/bin/python3' }, '--executable /usr/bin/python3', 'runs on Node'],
  [{ skipChecks: true }, '--skip-checks', 'does not run'],
])('flag notes: explain why a flag is ignored: %o', (flags, flag, why) => {
  checkCeleryFlags(flags);
  const [note, ...others] = collectFlagNotes(flags);
  expect(others).toEqual([]);
  expect(note).toMatchObject({ flag, isWarning: false });
  expect(note?.message).toContain(`${flag} is ignored: `);
  expect(note?.message).toContain(why);
});

test('flag notes: warn about a decimal umask that looks octal', () => {
  expect(collectFlagNotes({ umask: '22' })).toMatchObject([
    { isWarning: true, message: expect.stringMatching(/026; .* write 022$/) as string },
  ]);
  for (const umask of ['022', '18', '0', '8']) expect(collectFlagNotes({ umask })).toEqual([]);
});

test.each([
  ['022', 0o22],
  ['0', 0],
  ['000', 0],
  ['0027', 0o27],
  ['0o77', 0o77],
  ['18', 18],
  ['511', 0o777],
])('umask: parses %s as Celery does: %i', (text, mask) => {
  expect(parseUmask(text)).toBe(mask);
});

test.each(['', '08', '-1', '1.5', '0x1f', 'u=rwx', '512', '01000', ' 022', '0o'])('umask: rejects "%s"', (text) => {
  expect(() => parseUmask(text)).toThrow(/--umask: expected an octal number/);
});

test('umask: is formatted in octal with a leading zero', () => {
  expect([0, 0o7, 0o27, 0o777].map(formatUmask)).toEqual(['000', '007', '027', '0777']);
});
