import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadScript, readLines } from '../../../../src/drivers/redis/scripts/script.ts';

const FOLDER = 'src/drivers/redis/scripts';
const SCRIPTS = globSync('*.lua', { cwd: FOLDER }).map((file) => file.slice(0, -'.lua'.length));

test('redis scripts: the text that Redis gets has no comments, and its hash is that of this text', () => {
  for (const name of SCRIPTS) {
    const { lua, sha } = loadScript(name);
    expect(lua, name).toMatch(/\breturn\b|redis\.call/);
    expect(lua, name).not.toMatch(/--|\]\]/);
    expect(sha, name).toBe(createHash('sha1').update(lua).digest('hex'));
  }
});

test('redis scripts: a file that a script includes directly and through others is in its text once', () => {
  const files = readLines('page-entries').map(({ file }) => file);
  // Both read-entries and walk-order include the rights.
  const pieces = files.filter((file, i) => file !== files[i - 1]);
  expect(pieces).toEqual([
    'page-entries',
    'includes/read-entries',
    'includes/rights',
    'includes/slice',
    'includes/read-entries',
    'includes/walk-order',
    'page-entries',
  ]);
  expect(loadScript('page-entries').lua.match(/local function lacking\(/g)).toHaveLength(1);
});

test('redis scripts: each line of a script has the number that it has in its own file', () => {
  for (const { file, number, text } of SCRIPTS.flatMap((name) => readLines(name))) {
    const own = readFileSync(`${FOLDER}/${file}.lua`, 'utf8').split('\n');
    expect(own[number - 1], `${file}:${number}`).toBe(text);
  }
});

test('redis scripts: a script without a file is an error with the path of the file', () => {
  expect(() => loadScript('no-such-script')).toThrow(/scripts\/no-such-script\.lua/);
});
