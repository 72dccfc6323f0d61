import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigFiles } from '../../../../src/config/config-files.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { Folder } from '../../../support/folder.ts';
import { namesWritten } from '../support.ts';

const entry = (name: string) => `beatSchedule: {${name}: {task: t, schedule: 5}}\n`;

async function problemsIn(folder: Folder, path?: string, maxFileSize?: number): Promise<string[]> {
  try {
    await new ConfigFiles(path, { cwd: folder.path, maxFileSize }).read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(formatDiagnostic);
    throw error;
  }
}

test.each(['schedules', undefined])(
  'a link to nothing in a folder of configurations is an error, not a file less (%s)',
  async (path) => {
    using folder = new Folder({ 'schedules/a.yaml': entry('a') });
    symlinkSync('gone.yaml', join(folder.path, 'schedules/b.yaml'));
    expect(await problemsIn(folder, path)).toEqual([
      'schedules/b.yaml: cannot be read: it is a link to a file that is not there',
    ]);
  },
);

test('a broken link with a default name is an error, and no other configuration is searched for', async () => {
  using folder = new Folder({ 'schedules/a.yaml': entry('a') });
  symlinkSync('gone.yaml', join(folder.path, 'beat.config.yaml'));
  expect(await problemsIn(folder)).toEqual([
    'beat.config.yaml: cannot be read: it is a link to a file that is not there',
  ]);
});

test('a link to a file is read, and a folder with the name of a file is ignored', async () => {
  using folder = new Folder({ 'real/x.yaml': entry('a') });
  mkdirSync(join(folder.path, 'schedules/folder.yaml'), { recursive: true });
  symlinkSync('../real/x.yaml', join(folder.path, 'schedules/a.yaml'));
  expect(namesWritten(await new ConfigFiles(undefined, { cwd: folder.path }).read())).toEqual(['a']);
});

test.each([
  ['latin-1 text', 'yaml', Buffer.from(`# one\n${entry('a')}x-b: caf\xe9\n`, 'latin1'), 3],
  ['a character cut in half', 'json', Buffer.from('{"x-a":\n"é'.slice(0, -1) + '\xc3', 'latin1'), 2],
  ['an encoded surrogate', 'ts', Buffer.from('// \xed\xa0\x80\nexport default {}', 'latin1'), 1],
])('%s is an error with its line, and reaches no task changed', async (_, extension, bytes, line) => {
  using folder = new Folder();
  writeFileSync(join(folder.path, `c.${extension}`), bytes);
  expect(await problemsIn(folder, `c.${extension}`)).toEqual([
    `c.${extension}:${line}: is not UTF-8 from here on; save it as UTF-8`,
  ]);
});

test('UTF-8 with a byte order mark is read, and UTF-16 is rejected by name', async () => {
  using folder = new Folder();
  for (const name of ['a.yaml', 'a.json']) {
    writeFileSync(join(folder.path, name), '\uFEFF{"beatSchedule": {"é": {"task": "t", "schedule": 5}}}');
    expect(namesWritten(await new ConfigFiles(name, { cwd: folder.path }).read())).toEqual(['é']);
  }
  writeFileSync(join(folder.path, 'b.yaml'), Buffer.from(`\uFEFF${entry('a')}`, 'utf16le'));
  expect(await problemsIn(folder, 'b.yaml')).toEqual(['b.yaml:1: is UTF-16; save it as UTF-8']);
  const bigEndian = Buffer.from(`\uFEFF${entry('a')}`, 'utf16le').swap16();
  writeFileSync(join(folder.path, 'c.yaml'), bigEndian);
  expect(await problemsIn(folder, 'c.yaml')).toEqual(['c.yaml:1: is UTF-16; save it as UTF-8']);
});

test('a file over the limit is rejected before it is read, with the setting to raise', async () => {
  using folder = new Folder({ 'a.yaml': entry('a') });
  expect(await problemsIn(folder, 'a.yaml', 10)).toEqual([
    `a.yaml: has ${entry('a').length} bytes, more than the 10 that BEAT_MAX_CONFIG_SIZE allows`,
  ]);
  expect(await problemsIn(folder, 'a.yaml', entry('a').length)).toEqual([]);
  // A hole of a terabyte takes no room on a disk; read, it would fill the memory.
  truncateSync(join(folder.path, 'a.yaml'), 2 ** 40);
  expect(await problemsIn(folder, 'a.yaml')).toEqual([
    `a.yaml: has ${2 ** 40} bytes, more than the ${64 * 2 ** 20} that BEAT_MAX_CONFIG_SIZE allows`,
  ]);
});

test('a FIFO, a device and a socket are rejected without waiting', async () => {
  using folder = new Folder();
  const at = (name: string) => join(folder.path, 'c', name);
  mkdirSync(join(folder.path, 'c'));
  execFileSync('mkfifo', [at('fifo.yaml')]);
  symlinkSync('/dev/zero', at('device.json'));
  const server = createServer().listen(at('socket.ts'));
  await once(server, 'listening');
  try {
    expect(await problemsIn(folder, 'c')).toEqual([
      'c/device.json: is a device, not a file',
      'c/fifo.yaml: is a FIFO, not a file',
      expect.stringMatching(/^c\/socket\.ts: (is a socket, not a file|cannot be read: ENXIO)/),
    ]);
  } finally {
    server.close();
  }
});
