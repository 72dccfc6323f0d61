import { expect, test } from 'vitest';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';

const folder = new ConfigFolder();

test('beat check: prints the number of entries and exits with 0', async () => {
  expect(await runCommand('check')).toEqual({
    code: 0,
    stdout: 'beat.config.yaml: 3 entries, no errors\n',
    stderr: '',
  });
  folder.write('one.yaml', 'beatSchedule: { a: { task: t, schedule: 5 } }');
  expect(await runCommand('check', '-c', 'one.yaml')).toMatchObject({
    stdout: 'one.yaml: 1 entry and celery.backend_cleanup as in Celery, no errors\n',
  });
});

test('beat check: prints warnings about flags and configuration on standard error, or everything as JSON', async () => {
  folder.write('loud.yaml', 'brokerUrl: memory://\ntaskSendSentEvent: true\nbeatSchedule: {}');
  const args = ['-c', 'loud.yaml', '-A', 'proj'];
  const { code, stdout, stderr } = await runCommand('check', ...args);
  expect({ code, stdout: stdout.split(',')[0] }).toMatchObject({ code: 0 });
  const warnings = splitLines(stderr);
  expect(warnings[0]).toBe('--app proj is ignored: beat does not load Python apps');
  expect(warnings[1]).toMatch(/^taskSendSentEvent: no events are sent/);
  const machine = await runCommand('check', '--json', ...args);
  expect(machine).toMatchObject({ code: 0, stderr: '' });
  expect(parseJsonLines(machine.stdout)).toMatchObject([
    { ok: true, files: ['loud.yaml'], entries: 0, notes: [{ path: [] }, { path: ['taskSendSentEvent'] }] },
  ]);
});

test('beat check: prints all errors and exits with 2, as JSON with --json', async () => {
  const { code, stdout, stderr } = await runCommand('check', '-c', 'wrong.yaml');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(splitLines(stderr)).toEqual([
    expect.stringMatching(/^wrong\.yaml:3: beatSchedule\.report\.schedule\.crontab\.minute: /),
    expect.stringMatching(/^wrong\.yaml:4: beatSchedule\.february\.task: /),
  ]);
  const machine = await runCommand('check', '--json', '-c', 'wrong.yaml');
  expect(machine).toMatchObject({ code: 2, stderr: '' });
  expect(parseJsonLines(machine.stdout)).toMatchObject([
    { ok: false, errors: [{ file: 'wrong.yaml', line: 3 }, { line: 4 }] },
  ]);
});

test.each([[['-b', 'redis://localhost/first']], [['-b', 'nothing://host']], [['--state', 'amqp://host']]])(
  'beat check: rejects an invalid URL: %o',
  async (args) => {
    expect(await runCommand('check', ...args)).toMatchObject({ code: 2, stdout: '' });
  },
);
