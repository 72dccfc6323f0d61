import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../support/command.ts';
import { ConfigFolder } from '../../../../support/config-folder.ts';

const FIXTURES = join(import.meta.dirname, '../../../../fixtures/crontab');
const folder = new ConfigFolder();
const run = (...args: string[]) => runCommand('import', 'crontab', ...args);

test('beat import crontab: writes a file that beat check accepts', async () => {
  const args = [join(FIXTURES, 'cron.d'), '--system', '-o', 'jobs.yaml'];
  const stderr = expect.stringMatching(
    /^.*cron\.d\/anacron:6: note: cron mails the output of 7 jobs to the user.*\nnot compared: .*\n$/,
  ) as string;
  expect(await run(...args)).toEqual({ code: 0, stdout: '', stderr });
  expect(readFileSync('jobs.yaml', 'utf8')).toMatch(/^# Imported by beat from .*cron\.d\/anacron, /);
  expect(await runCommand('check', '-c', 'jobs.yaml')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('jobs.yaml: 7 entries') as string,
  });
});

test('beat import crontab: expects a user in each line of the files in a folder', async () => {
  const { stdout } = await run(join(FIXTURES, 'cron.d'));
  expect(stdout.match(/^ {6}user: root$/gm)).toHaveLength(7);
});

test('beat import crontab: recognizes the table of anacron by its name', async () => {
  const { code, stdout } = await run(join(FIXTURES, 'anacrontab'));
  expect(code).toBe(0);
  expect(stdout).toContain('cron.weekly:');
});

test('beat import crontab: names a broken line, imports the others, and exits with 1 unless --partial is set', async () => {
  const file = folder.write('table', '0 1 * * * good\n99 * * * * bad\n');
  const { code, stdout, stderr } = await run(file);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/table:2: not imported: schedule\.cron: .*: 99 \* \* \* \* bad/) as string,
  });
  expect(stdout).toContain('good:');
  expect(await run(file, '--partial')).toMatchObject({ code: 0, stdout, stderr });
});

test('beat import crontab: does not overwrite a file without --force', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  const kept = folder.write('kept.yaml', 'x');
  expect(await run(file, '-o', kept)).toMatchObject({ code: 2, stderr: `${kept} exists; --force overwrites it\n` });
  expect(readFileSync(kept, 'utf8')).toBe('x');
  expect((await run(file, '-o', kept, '--force')).code).toBe(0);
  expect(readFileSync(kept, 'utf8')).toContain('good:');
});

test('beat import crontab: rejects names that another file of the folder uses, unless --prefix or --force is set', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  folder.write('schedules/other.yaml', 'beat_schedule: {good: {task: t, schedule: 60}}\n');
  const output = 'schedules/imported.yaml';
  expect(await run(file, '-o', output)).toMatchObject({
    code: 2,
    stderr:
      'schedules/other.yaml has an entry of the name good too; --prefix TEXT puts a text before all imported names, --force writes them as they are\n',
  });
  expect(existsSync(output)).toBe(false);
  expect(await run(file, '-o', output, '--prefix', 'cron-')).toMatchObject({ code: 0 });
  expect(readFileSync(output, 'utf8')).toContain('cron-good:');
  expect(await runCommand('check', '-c', 'schedules')).toMatchObject({ code: 0 });
  expect((await run(file, '-o', output, '--force')).code).toBe(0);
  expect(await runCommand('check', '-c', 'schedules')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('beat import has --prefix') as string,
  });
});

test('beat import crontab: beside a beat.config, a file may reuse the names of other files, because the folder is not read', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  folder.write('beat.config.yaml', 'beatSchedule: {good: {task: t, schedule: 60}}\n');
  expect((await run(file, '-o', 'imported.yaml')).code).toBe(0);
});

test('beat import crontab: -o creates a file that only its owner can read, and keeps the mode of an existing one', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  const created = join(folder.path, 'created.yaml');
  await run(file, '-o', created);
  expect(modeOf(created)).toBe(0o600);
  chmodSync(created, 0o664);
  await run(file, '-o', created, '--force');
  expect(modeOf(created)).toBe(0o664);
});

test('beat import crontab: --force replaces a file at once, so that no reader sees a part of it', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  const replaced = folder.write('replaced.yaml', 'before');
  const reader = openSync(replaced, 'r');
  await run(file, '-o', replaced, '--force');
  expect(readFileSync(reader, 'utf8')).toBe('before');
  closeSync(reader);
  expect(readFileSync(replaced, 'utf8')).toContain('good:');
  expect(readdirSync(folder.path).filter((name) => name.startsWith('replaced'))).toEqual(['replaced.yaml']);
});

test('beat import crontab: --force replaces the file that a symbolic link names', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  const target = folder.write('target.yaml', 'before');
  const link = join(folder.path, 'link.yaml');
  symlinkSync(target, link);
  expect((await run(file, '-o', link, '--force')).code).toBe(0);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toContain('good:');
});

test('beat import crontab: --compare prints the next instants by cron and by beat', async () => {
  const file = folder.write('table', '0 1 * * * good\n');
  const { stdout } = await run(file, '-o', 'good.yaml', '--compare', '2');
  expect(stdout).toMatch(/^ENTRY +CRON +BEAT/);
  expect(stdout.match(/^good .* same$/gm)).toHaveLength(2);
});

test('beat import crontab: writes TypeScript and JSON, by the name of the file or by --format', async () => {
  const file = folder.write('table', '# Nightly.\n0 1 * * * it%s fine\n');
  expect((await run(file, '--format', 'ts')).stdout).toBe(`// Imported by beat from ${file}.
import { cron, defineConfig } from 'celery-beat';

export default defineConfig({
  timezone: '${Intl.DateTimeFormat().resolvedOptions().timeZone}',
  beatSchedule: {
    it: {
      description: 'Nightly.',
      schedule: cron('0 1 * * *'),
      shell: { command: 'it', cwd: '~', stdin: 's fine\\n' },
      missed: 'skip',
    },
  },
});
`);
  expect((await run(file, '-o', 'jobs.ts')).code).toBe(0);
  expect(readFileSync('jobs.ts', 'utf8')).toContain('export default defineConfig({');
  expect((await run(file, '-o', 'jobs.json')).code).toBe(0);
  expect(await runCommand('check', '-c', 'jobs.json')).toMatchObject({ code: 0 });
  expect(await run(file, '-o', 'jobs.toml')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ends with .yaml, .json or .ts, got "jobs.toml"') as string,
  });
});

test('beat import crontab: --last-runs reads the timestamps of anacron', async () => {
  const file = folder.write('anacrontab', '1 5 known a\n7 5 new b\n');
  folder.write('spool/known', '20261120\n');
  const { code, stdout } = await run(file, '--last-runs', '--spool', 'spool');
  expect(code).toBe(0);
  expect(stdout).toContain('# lastRunAt has no effect after the first start');
  expect(stdout.match(/lastRunAt: 2026-11-(?:19|20)T/g)).toHaveLength(1);
  folder.write('spool/known', 'yesterday');
  expect(await run(file, '--last-runs', '--spool', 'spool')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'spool/known: expected a day such as 20261122\n',
  });
});

test('beat import crontab: CRON_TZ makes the exit code 1 until --cron says which cron ran the table', async () => {
  const file = folder.write('table', 'MAILTO=""\nCRON_TZ=Asia/Tokyo\n0 1 * * * a\n');
  const unknown = await run(file);
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.stderr).toMatch(/table:3: not imported: the zone of this job is unknown: .*--cron debian/);
  expect(unknown.stdout).not.toContain('  a:');
  const debian = await run(file, '--cron', 'debian');
  expect(debian).toMatchObject({ code: 0 });
  expect(debian.stderr).toMatch(/table:2: note: Debian's cron does not follow it/);
  expect(debian.stdout).not.toContain('timezone: Asia/Tokyo');
  const cronie = await run(file, '--cron', 'cronie', '--compare', '3');
  expect(cronie).toMatchObject({ code: 0 });
  expect(cronie.stdout).toContain('timezone: Asia/Tokyo');
  expect(cronie.stderr.match(/^a .* same$/gm)).toHaveLength(3);
});

test('beat import crontab: looks up users on this host if a system table is read as a user table, and the reverse', async () => {
  const system = folder.write('system', '0 1 * * * root /bin/true\n');
  expect(await run(system)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/system:1: not imported: the command begins with the user root/) as string,
  });
  expect(await run(system, '--system')).toMatchObject({ code: 0 });
  const user = folder.write('user', '0 1 * * * /bin/true\n0 2 * * * no-such-user a\n0 3 * * * /bin/a b\n');
  const { code, stderr } = await run(user, '--system');
  expect(code).toBe(1);
  expect(stderr.match(/user:\d: not imported: .*/g)).toEqual([
    expect.stringMatching(/^user:1: .*expected a user and a command/),
    expect.stringMatching(/^user:2: .*the user no-such-user does not exist on this host/),
    expect.stringMatching(/^user:3: .*the path \/bin\/a is in the place of the user/),
  ]);
});

test.each([
  [['nowhere'], /cannot be read: .*nowhere/],
  [[], /expected a file; for your own crontab: crontab -l/],
  [['a', '--user', 'joe', '--system'], /expected either --user or --system/],
  [['a', '--cron', 'croni'], /--cron: expected one of debian, cronie, got "croni"; did you mean/],
  [['a', '--compare', 'x'], /--compare: expected a whole number from 1 to 1,000, got "x"/],
  [['a', '--format', 'yml'], /--format: expected one of yaml, json, ts, got "yml"; did you mean/],
])('beat import crontab: %o is an error, and nothing is written', async (args, message) => {
  const { code, stderr } = await run(...args, '-o', 'new.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(existsSync('new.yaml')).toBe(false);
});
