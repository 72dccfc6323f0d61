import { expect, test } from 'vitest';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder } from '../../../support/config-folder.ts';

const folder = new ConfigFolder();

test('beat shell-commands: prints an empty list for a configuration without commands', async () => {
  expect(await runCommand('shell-commands')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
});

test('beat shell-commands: prints the arguments of each command once', async () => {
  folder.write(
    'commands.yaml',
    `beatSchedule:
  a: { shell: date, schedule: 5 }
  b: { shell: date, schedule: 6 }
  c: { shell: { command: ls, timeout: 1m, maxOutput: 10 }, schedule: 5 }
  d: { task: t, schedule: 5 }`,
  );
  const { code, stdout } = await runCommand('shell-commands', '-c', 'commands.yaml');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual([{ command: 'date' }, { command: 'ls', timeout: 60, max_output: 10 }]);
});
