import { expect, test } from 'vitest';
import { next } from '../../../../src/cli/actions/next.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';

new ConfigFolder();

const runNext = async (...args: string[]) => runCommand('next', '--after', '2027-03-27', ...args);

test('beat next: shows each entry in its own zone, in order of time', async () => {
  expect(await runNext('-n', '2')).toEqual({
    code: 0,
    stderr: '',
    stdout:
      '2027-03-27 02:30:00 +01:00 Europe/Oslo  nightly-report\n' +
      '2027-03-28 03:00:00 +02:00 Europe/Oslo  nightly-report\n' +
      '2027-03-29 08:00:00 +09:00 Asia/Tokyo  tokyo\n' +
      '2027-04-05 08:00:00 +09:00 Asia/Tokyo  tokyo\n',
  });
});

test('beat next: uses the zone of --timezone for the output and for --after', async () => {
  const { stdout } = await runNext('-n', '1', '--timezone', 'America/New_York', 'tokyo');
  expect(stdout).toBe('2027-03-28 19:00:00 -04:00 America/New_York  tokyo\n');
  const exact = await runCommand(
    ...['next', 'tokyo', '-n', '1', '--json'],
    ...['--timezone', 'Asia/Tokyo', '--after', '2027-03-29T08:00'],
  );
  expect(parseJsonLines(exact.stdout)).toEqual([{ entry: 'tokyo', dueAt: '2027-04-04T23:00:00.000Z' }]);
});

test('beat next: shows five instants of each enabled entry by default', async () => {
  const { stdout } = await runNext();
  const names = splitLines(stdout).map((line) => line.split('  ')[1]);
  expect(names.filter((name) => name === 'nightly-report')).toHaveLength(5);
  expect(names.filter((name) => name === 'tokyo')).toHaveLength(5);
  expect(new Set(names).size).toBe(2);
});

test('beat next: shows a disabled entry only if it is named', async () => {
  const { stdout } = await runNext('retired', 'tokyo', '-n', '1');
  expect(splitLines(stdout)).toEqual([
    '2027-03-27 01:00:00 +01:00 Europe/Oslo  retired',
    '2027-03-29 08:00:00 +09:00 Asia/Tokyo  tokyo',
  ]);
});

test('beat next: starts from now without --after', async () => {
  const now = systemClock.now();
  const { stdout } = await runCommand('next', '-c', 'intervals.yaml', '-n', '1', '--json', 'quick');
  const [{ dueAt }] = parseJsonLines(stdout) as [{ dueAt: string }];
  expect(Date.parse(dueAt)).toBeGreaterThan(now);
  expect(Date.parse(dueAt)).toBeLessThanOrEqual(systemClock.now() + 200);
});

test.each([
  [['-n', '0'], '-n: expected a whole number from 1 to 100,000, got "0"'],
  [['-n', '1.5'], '-n: expected a whole number from 1 to 100,000, got "1.5"'],
  [['-n', '100001'], '-n: expected a whole number from 1 to 100,000, got "100001"'],
  [['-n', 'many'], '-n: expected a whole number from 1 to 100,000, got "many"'],
  [['--timezone', 'Europe/Osl'], 'did you mean "Europe/Oslo"?'],
  [['--after', 'soon'], '--after: expected an ISO 8601 instant such as 2027-01-31T08:00, got "soon"'],
  [['nightly-reprot'], 'no entry "nightly-reprot"; did you mean "nightly-report"?'],
  [['zzz', 'tokio'], 'no entry "zzz"\nno entry "tokio"; did you mean "tokyo"?'],
])('beat next: rejects %o with exit code 2', async (args, says) => {
  const { code, stdout, stderr } = await runCommand('next', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test('beat next: prints 100000 instants', async () => {
  const after = ['--after', '2027-01-01'];
  const args = ['-c', 'intervals.yaml', '-n', '100000', '--json', 'quick', ...after];
  const { code, stdout } = await runCommand('next', ...args);
  expect(code).toBe(0);
  expect(splitLines(stdout)).toHaveLength(100_000);
});

test.each([
  ['BST', 'did you mean "Europe/London"?'],
  ['Europe/Olso', 'did you mean "Europe/Oslo"?'],
  ['+02:00', 'is not the name of an IANA time zone'],
])('beat next: rejects --timezone %s before it reads the configuration', async (timezone, hint) => {
  const run = next({ count: '1', timezone, config: '/nowhere/beat.yaml' });
  await expect(run).rejects.toThrow(ConfigError);
  await expect(run).rejects.toThrow(`--timezone: "${timezone}"`);
  await expect(run).rejects.toThrow(hint);
});
