import { expect, test } from 'vitest';
import { loadSettings } from '../../../../src/config/load.ts';
import { Folder } from '../../../support/folder.ts';
import { namesWritten } from '../support.ts';

test('the files of a folder are read in the order of their names, whenever they were written', async () => {
  const names = ['m', 'c', 'z', 'a', 'x', 'b', 'k', 'y', 'd', 'n'];
  const entry = (name: string) => `beatSchedule: {${name}: {task: t, schedule: 5}}\n`;
  using folder = new Folder(
    Object.fromEntries(names.map((name) => [`schedules/${name}.yaml`, entry(name)])),
  );
  const settings = await loadSettings(undefined, { cwd: folder.path });
  const sorted = names.toSorted();
  expect(settings.files).toEqual(sorted.map((name) => `schedules/${name}.yaml`));
  expect(namesWritten(settings)).toEqual(sorted);
});
