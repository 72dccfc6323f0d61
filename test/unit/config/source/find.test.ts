import { describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../../src/config/config-files.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { Folder } from '../../../support/folder.ts';
import { namesWritten } from '../support.ts';

const entry = (name: string) => `beatSchedule: {${name}: {task: t, schedule: 5}}\n`;

async function problemsIn(folder: Folder, path?: string): Promise<string[]> {
  try {
    await new ConfigFiles(path, { cwd: folder.path }).read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(formatDiagnostic);
    throw error;
  }
}

async function namesIn(folder: Folder, path?: string): Promise<string[]> {
  return namesWritten(await new ConfigFiles(path, { cwd: folder.path }).read());
}

describe('configuration files without a path:', () => {
  test.each([['yaml'], ['yml'], ['json']])('beat.config.%s is read', async (extension) => {
    using folder = new Folder({ [`beat.config.${extension}`]: '{"keyPrefix": "here"}' });
    const settings = await new ConfigFiles(undefined, { cwd: folder.path }).read();
    expect(settings.keyPrefix).toBe('here');
    expect(settings.files).toEqual([`beat.config.${extension}`]);
  });

  test('beat.config.* has precedence over the folder schedules', async () => {
    using folder = new Folder({ 'schedules/a.yaml': entry('a') });
    expect(await namesIn(folder)).toEqual(['a']);
    folder.write('beat.config.yaml', entry('b'));
    expect(await namesIn(folder)).toEqual(['b']);
  });

  test('two beat.config.* files are an error', async () => {
    using folder = new Folder({ 'beat.config.yaml': '', 'beat.config.json': '{}' });
    expect(await problemsIn(folder)).toEqual([
      'beat.config.yaml and beat.config.json are both here; remove one, or select one with --config',
    ]);
  });

  test('without any file the error contains a valid example', async () => {
    using folder = new Folder();
    const [problem = ''] = await problemsIn(folder);
    expect(problem).toMatch(/^no configuration found: searched for beat\.config\{\.ts,.* schedules\//);
    folder.write('beat.config.yaml', problem.slice(problem.indexOf('beatSchedule')));
    expect(await namesIn(folder)).toEqual(['hello']);
  });
});

describe('a configuration path', () => {
  test('may be relative or absolute', async () => {
    using folder = new Folder({ 'conf/a.yaml': entry('a') });
    expect(await namesIn(folder, 'conf/a.yaml')).toEqual(['a']);
    const path = `${folder.path}/conf/a.yaml`;
    const settings = await new ConfigFiles(path, { cwd: '/' }).read();
    expect(settings.files).toEqual([path]);
  });

  test('that does not exist is an error', async () => {
    using folder = new Folder();
    expect(await problemsIn(folder, 'gone.yaml')).toEqual(['no such file or folder: gone.yaml']);
  });

  test('of another kind of file is rejected', async () => {
    using folder = new Folder({ 'beat.toml': '' });
    expect(await problemsIn(folder, 'beat.toml')).toEqual([
      expect.stringMatching(/^beat\.toml: not a kind of file that beat reads; it reads \.ts, /),
    ]);
  });
});

describe('a configuration folder', () => {
  test('is read by name, except for files of editors and tests', async () => {
    using folder = new Folder({
      'c/b.yaml': entry('b'),
      'c/a.json': '{"beatSchedule": {"a": {"task": "t", "schedule": 5}}}',
      'c/.hidden.yaml': entry('hidden'),
      'c/.#a.json': 'x',
      'c/b.yaml~': entry('old'),
      'c/b.yaml.bak': entry('bak'),
      'c/#b.yaml#': entry('emacs'),
      'c/a.test.ts': 'throw new Error()',
      'c/README.md': 'hello',
      'c/below/c.yaml': entry('below'),
    });
    const settings = await new ConfigFiles('c', { cwd: folder.path }).read();
    expect(namesWritten(settings)).toEqual(['a', 'b']);
    expect(settings.files).toEqual(['c/a.json', 'c/b.yaml']);
  });

  test('without a configuration file is an error', async () => {
    using folder = new Folder({ 'c/README.md': '' });
    expect(await problemsIn(folder, 'c')).toEqual([
      expect.stringMatching(/^c: no configuration in this folder; it reads \.ts/),
    ]);
  });

  test('with one entry in two files is an error that names both', async () => {
    using folder = new Folder({ 'c/a.yaml': entry('x'), 'c/b.yaml': `\n${entry('x')}` });
    expect(await problemsIn(folder, 'c')).toEqual([
      'c/b.yaml:2: beatSchedule.x: an entry of this name is in c/a.yaml too; rename one of them (beat import has --prefix)',
    ]);
  });

  test('with two values of one setting is an error that names both files', async () => {
    using folder = new Folder({
      'c/a.yaml': 'timezone: UTC\nlock: {ttl: 5}\n',
      'c/b.yaml': 'lock:\n  ttl: 6\ntimezone: Asia/Tokyo\n',
    });
    expect(await problemsIn(folder, 'c')).toEqual([
      'c/b.yaml:2: lock.ttl: c/a.yaml has another value; keep one of them',
      'c/b.yaml:3: timezone: c/a.yaml has another value; keep one of them',
    ]);
  });

  test('may contain a setting twice with the same value, also in another spelling, and its parts in several files', async () => {
    using folder = new Folder({
      'c/a.yaml': 'timezone: UTC\nbrokerTransportOptions: {sep: ":"}\n',
      'c/b.yaml': 'CELERY_TIMEZONE: UTC\nbroker_transport_options: {global_keyprefix: "a:"}\n',
    });
    const { transport } = await new ConfigFiles('c', { cwd: folder.path }).read();
    expect(transport).toMatchObject({ sep: ':', globalKeyprefix: 'a:' });
  });

  test('reports the errors of all its files, in reading order', async () => {
    using folder = new Folder({
      'c/a.yaml': 'beatSchedule:\n  a: {task: t, schedule: 5, args: 5}\ntimezone: X/Y\n',
      'c/b.json': '{"a": }',
      'c/c.yaml': '- a\n: [',
    });
    const problems = await problemsIn(folder, 'c');
    expect(problems).toEqual([
      'c/a.yaml:2: beatSchedule.a.args: expected a list, got 5',
      expect.stringMatching(/^c\/a\.yaml:3: timezone: /),
      "c/b.json:1: invalid JSON: Unexpected token '}'",
      ...problems.slice(3),
    ]);
    expect(problems[3]).toMatch(/^c\/c\.yaml:\d: invalid YAML: /);
  });
});

test('configuration files of a folder are read in the order of their names', async () => {
  const names = ['m', 'c', 'z', 'a', 'x', 'b', 'k', 'y', 'd', 'n'];
  const entry = (name: string) => `beatSchedule: {${name}: {task: t, schedule: 5}}\n`;
  using folder = new Folder(Object.fromEntries(names.map((name) => [`schedules/${name}.yaml`, entry(name)])));
  const settings = await new ConfigFiles(undefined, { cwd: folder.path }).read();
  const sorted = names.toSorted();
  expect(settings.files).toEqual(sorted.map((name) => `schedules/${name}.yaml`));
  expect(namesWritten(settings)).toEqual(sorted);
});
