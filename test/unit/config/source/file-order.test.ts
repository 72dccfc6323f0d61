import { expect, test } from 'vitest';
import { ConfigFiles } from '../../../../src/config/config-files.ts';
import { Folder } from '../../../support/folder.ts';
import { namesWritten } from '../support.ts';

test('configuration files of a folder are read in the order of their names', async () => {
  const names = ['m', 'c', 'z', 'a', 'x', 'b', 'k', 'y', 'd', 'n'];
  const entry = (name: string) => `beatSchedule: {${name}: {task: t, schedule: 5}}\n`;
  using folder = new Folder(Object.fromEntries(names.map((name) => [`schedules/${name}.yaml`, entry(name)])));
  const settings = await new ConfigFiles(undefined, { cwd: folder.path }).read();
  const sorted = names.toSorted();
  expect(settings.files).toEqual(sorted.map((name) => `schedules/${name}.yaml`));
  expect(namesWritten(settings)).toEqual(sorted);
});
