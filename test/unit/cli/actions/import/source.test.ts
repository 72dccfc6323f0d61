import { expect, test } from 'vitest';
import { runCommand } from '../../../../support/command.ts';

test.each([
  [['django'], 'beat import django: expected either a URL or -A/--app'],
  [['redbeat'], 'beat import redbeat: expected either a URL or -A/--app'],
  [
    ['django', 'db.sqlite3', '-A', 'proj'],
    'beat import django: expected either a URL or -A/--app, got both; the settings of the app name its URL',
  ],
  [['django', '-A', 'proj', '--timezone', 'UTC'], '--timezone: applies to a URL'],
  [['redbeat', '-A', 'proj', '--key-prefix', 'x'], '--key-prefix: applies to a URL'],
  [['redbeat', '-A', 'proj', '--master-name', 'x'], '--master-name: applies to a URL'],
  [['redbeat', 'redis://a/0', '--workdir', '.'], '--workdir: applies to -A/--app'],
  [['django', 'db.sqlite3', '--python', 'python'], '--python: applies to -A/--app'],
])('beat import %j names what does not fit', async (args, message) => {
  const { code, stdout, stderr } = await runCommand('import', ...args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `${message}\n` });
});
