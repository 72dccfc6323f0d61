import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const { ROOMS } = (await import(join(ROOT, 'boundaries.js'))) as {
  readonly ROOMS: readonly { readonly name: string; readonly holds: string }[];
};

test('boundaries.js lists every folder of src', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);
  expect(ROOMS.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
});

test('the README of each room and CONTRIBUTING.md describe the room as boundaries.js does', () => {
  const guide = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  for (const { name, holds } of ROOMS) {
    const readme = readFileSync(join(ROOT, 'src', name, 'README.md'), 'utf8');
    expect(readme, name).toMatch(`# ${name}\n\n${holds}\n`);
    expect(guide.replace(/ +/g, ' '), name).toContain(`| \`${name}\` | ${holds} |`);
  }
});
