import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigFolder } from '../../../../support/config-folder.ts';
import { runCommand } from '../../../../support/command.ts';

const LIST = join(import.meta.dirname, '../../../../fixtures/kubernetes/list.yaml');
const folder = new ConfigFolder();
const run = (...args: string[]) => runCommand('import', 'kubernetes', ...args);

test('beat import kubernetes: writes a file that beat check accepts, and lists what it cannot import', async () => {
  const { code, stdout, stderr } = await run(LIST, '-o', 'jobs.yaml', '--compare', '2');
  expect(code).toBe(1);
  expect(stderr).toContain(`${LIST}:3 CronJob backup: different: concurrencyPolicy Forbid: `);
  expect(stderr).toMatch(/\nnot compared: commands on the host of the worker.*\n$/);
  expect(stdout).toMatch(/^ENTRY +KUBERNETES +BEAT/);
  expect(stdout.match(/^backup .* same$/gm)).toHaveLength(2);
  expect(await runCommand('check', '-c', 'jobs.yaml')).toMatchObject({ code: 0 });
  expect((await run(LIST, '--partial', '--timezone', 'Asia/Tokyo')).stdout).toContain('timezone: Asia/Tokyo');
});

test.each([
  [['nowhere.yaml'], /^beat import kubernetes: cannot be read: .*nowhere\.yaml/],
  [['beat.config.yaml'], /^beat\.config\.yaml: there is no CronJob/],
  [[LIST, '--timezone', 'Mars/Base'], /Mars\/Base/],
])('beat import kubernetes: %o is an error, and nothing is written', async (args, message) => {
  const { code, stderr } = await run(...args, '-o', 'new.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(existsSync(join(folder.path, 'new.yaml'))).toBe(false);
});
