import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../src/config/config-files.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { Folder } from '../../support/folder.ts';

const yaml = (keyPrefix: string) => `keyPrefix: ${keyPrefix}\nresultExpires: null\n`;

describe('configuration files', () => {
  test('are read again unchanged', async () => {
    using folder = new Folder({ 'beat.config.yaml': yaml('one') });
    const files = new ConfigFiles(undefined, { cwd: folder.path });
    expect(await files.read()).toMatchObject({ keyPrefix: 'one' });
    writeFileSync(join(folder.path, 'beat.config.yaml'), yaml('two'));
    expect(await files.read()).toMatchObject({ keyPrefix: 'two' });
  });

  test('are read with the overrides that are current at that time', async () => {
    using folder = new Folder({ 'beat.config.yaml': yaml('one') });
    let stateUrl = 'redis://one';
    const overrides = () => ({ stateUrl });
    const files = new ConfigFiles(undefined, { cwd: folder.path, overrides });
    await files.read();
    stateUrl = 'redis://two';
    expect(await files.read()).toMatchObject({ state: { url: stateUrl } });
  });

  test.each<[what: string, change: (path: (name: string) => string) => void]>([
    ['a file is written', (path) => writeFileSync(path('s/a.yaml'), yaml('b'))],
    ['a file of the same size and time is put in its place', replaceUnnoticeably],
    ['a file is added', (path) => writeFileSync(path('s/b.yaml'), '{}')],
    ['a file is removed', (path) => rmSync(path('s/b.json'))],
    ['all files are gone', (path) => rmSync(path('s'), { recursive: true })],
    ['a link points to another file', (path) => relink(path('s/c.yaml'), '../2')],
    ['a link to the folder of a file points to another', (path) => relink(path('now'), '2')],
  ])('have changed when %s, until they are read', async (_, change) => {
    using folder = new Folder({ 's/a.yaml': yaml('a'), 's/b.json': '{}' });
    const path = (name: string) => join(folder.path, name);
    for (const name of ['1', '2']) {
      mkdirSync(path(name));
      writeFileSync(path(`${name}/d.yaml`), '{}');
    }
    symlinkSync('../1/d.yaml', path('s/c.yaml'));
    symlinkSync('1', path('now'));
    symlinkSync('../now/d.yaml', path('s/d.yaml'));
    utimesSync(path('s/a.yaml'), 1, 1);

    const files = new ConfigFiles('s', { cwd: folder.path });
    expect(await files.hasChanged()).toBe(true);
    await files.read();
    expect(await files.hasChanged()).toBe(false);
    change(path);
    expect(await files.hasChanged()).toBe(true);
    await files.read().catch(() => {});
    expect(await files.hasChanged()).toBe(false);
  });

  test('have not changed when a file beside them has', async () => {
    using folder = new Folder({ 's/a.yaml': '{}' });
    const files = new ConfigFiles('s', { cwd: folder.path });
    await files.read();
    writeFileSync(join(folder.path, 's/.a.yaml.swp'), '');
    expect(await files.hasChanged()).toBe(false);
  });

  test('that are unreadable are not read again until they change', async () => {
    using folder = new Folder({ 'a.yaml': 'keyPrefix: [' });
    const files = new ConfigFiles('a.yaml', { cwd: folder.path });
    await expect(files.read()).rejects.toThrow(ConfigError);
    expect(await files.hasChanged()).toBe(false);
  });
});

function replaceUnnoticeably(path: (name: string) => string): void {
  writeFileSync(path('new'), yaml('b'));
  utimesSync(path('new'), 1, 1);
  renameSync(path('new'), path('s/a.yaml'));
}

/** As Kubernetes does: a new link takes the name of the old one in one step. */
function relink(path: string, target: string): void {
  symlinkSync(target.startsWith('..') ? `${target}/d.yaml` : target, `${path}.new`);
  renameSync(`${path}.new`, path);
}

// In a Node of its own: a test runner that rewrites imports would answer for itself.
const MODULE = new URL('../../../src/config/config-files.ts', import.meta.url).href;

/** Reads a configuration, writes the other files, and returns what changed and what is read then. */
function readTwice(path: string, files: Record<string, string>, then: Record<string, string>) {
  using folder = new Folder(files);
  const script = `
    import { writeFileSync } from 'node:fs';
    const { ConfigFiles } = await import(${JSON.stringify(MODULE)});
    const files = new ConfigFiles(${JSON.stringify(path)}, { cwd: process.cwd() });
    const before = (await files.read()).keyPrefix;
    const idle = await files.hasChanged();
    for (const [name, text] of Object.entries(${JSON.stringify(then)})) writeFileSync(name, text);
    const changed = await files.hasChanged();
    const after = (await files.read()).keyPrefix;
    console.log(JSON.stringify({ before, idle, changed, after }));
  `;
  const args = ['--input-type=module', '--eval', script];
  const output = execFileSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });
  return JSON.parse(output) as unknown;
}

describe('a configuration module', () => {
  const config = 'export default { keyPrefix };';
  const reread = { before: 'one', idle: false, changed: true, after: 'two' };

  test.each<[what: string, path: string, files: Record<string, string>, then: Record<string, string>]>([
    [
      'itself',
      'a.ts',
      { 'a.ts': `const keyPrefix: string = "one"; ${config}` },
      { 'a.ts': `const keyPrefix: string = "two"; ${config}` },
    ],
    [
      'a module that it imports through another',
      'a.mjs',
      {
        'a.mjs': `import { keyPrefix } from './b.ts'; ${config}`,
        'b.ts': `export { keyPrefix } from './c.js';`,
        'c.js': 'export const keyPrefix = "one";',
      },
      { 'c.js': 'export const keyPrefix = "two";' },
    ],
    [
      'JSON that it imports',
      'a.mjs',
      { 'a.mjs': `import keyPrefix from './b.json' with { type: 'json' }; ${config}`, 'b.json': '"one"' },
      { 'b.json': '"two"' },
    ],
    [
      'itself in CommonJS',
      'a.js',
      { 'a.js': 'module.exports = { keyPrefix: "one" };' },
      { 'a.js': 'module.exports = { keyPrefix: "two" };' },
    ],
    [
      'CommonJS that CommonJS requires through another',
      'a.js',
      {
        'a.js': 'module.exports = { keyPrefix: require("./b.cjs") };',
        'b.cjs': 'module.exports = require("./c.cjs");',
        'c.cjs': 'module.exports = "one";',
      },
      { 'c.cjs': 'module.exports = "two";' },
    ],
    [
      'a module that two of its files import',
      's',
      {
        's/a.ts': `import { keyPrefix } from '../b.ts'; ${config}`,
        's/c.ts': `import { keyPrefix } from '../b.ts'; ${config}`,
        'b.ts': 'export const keyPrefix = "one";',
      },
      { 'b.ts': 'export const keyPrefix = "two";' },
    ],
  ])('is evaluated again after a change of %s', (_, path, files, then) => {
    expect(readTwice(path, files, then)).toEqual(reread);
  });

  test('is evaluated again without a change, because it may read other files', () => {
    const read = `import { readFileSync } from 'node:fs';
      export default { keyPrefix: readFileSync('name.txt', 'utf8') };`;
    const seen = readTwice('a.mjs', { 'a.mjs': read, 'name.txt': 'one' }, { 'name.txt': 'two' });
    expect(seen).toEqual({ ...reread, changed: false });
  });

  test('does not evaluate imported CommonJS again', () => {
    const config = `import keyPrefix from './b.cjs'; export default { keyPrefix };`;
    const files = { 'a.mjs': config, 'b.cjs': 'module.exports = "one";' };
    const seen = readTwice('a.mjs', files, { 'b.cjs': 'module.exports = "two";' });
    expect(seen).toEqual({ ...reread, changed: false, after: 'one' });
  });
});
