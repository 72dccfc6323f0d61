import { format } from 'prettier';
import { expect, test } from 'vitest';
import options from '../../../.prettierrc.json' with { type: 'json' };
import { readModule } from '../../../src/config/source/module.ts';
import { writeConfig } from '../../../src/import/write.ts';
import { Folder } from '../../support/folder.ts';

const LONG = 'A sentence that does not fit into one line together with the name of its key, '.repeat(2);

const CONFIG = {
  timezone: 'Europe/Oslo',
  taskRoutes: { 'reports.*': { queue: 'reports' } },
  beatSchedule: {
    plain: { task: 't', schedule: 30 },
    "it's": { task: 't', schedule: { crontab: { minute: 0, hour: [8, 20] }, timezone: 'UTC' } },
    'a-b': { shell: 'echo "it\'s"\n', schedule: { cron: '@daily' }, description: LONG },
    sun: { task: 't', schedule: { solar: { event: 'sunset', latitude: 1.5, longitude: -2 } } },
    grid: { task: 't', schedule: { timedelta: { hours: 2 } }, args: [], kwargs: {} },
    zoned: { task: 't', schedule: { timedelta: { hours: 2 }, timezone: 'UTC' } },
    once: { task: 't', schedule: { at: '2100-01-01T00:00:00Z' }, args: [{ a: null }, 'x'] },
    wide: { task: 't', schedule: 1, kwargs: { first: LONG, second: [LONG, { third: LONG }] } },
    long: { task: 't', schedule: { crontab: { dayOfMonth: '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21' } } },
  },
};

test('import: a TypeScript file calls the functions of schedules, in the style of Prettier', async () => {
  const text = writeConfig(CONFIG, 'ts', ['Imported.', 'Twice.']);
  expect(text).toContain("import { at, cron, crontab, defineConfig, timedelta } from 'celery-beat';");
  expect(text).toContain("schedule: crontab({ minute: 0, hour: [8, 20] }, { timezone: 'UTC' }),");
  expect(text).toContain("shell: 'echo \"it\\'s\"\\n',");
  expect(await format(text, { ...(options as object), parser: 'typescript' })).toBe(text);
});

test('import: a TypeScript file has the values of the configuration', async () => {
  using folder = new Folder();
  const config = { x: { kwargs: CONFIG.beatSchedule.wide.kwargs, '\u2028"': "'\\" } };
  const text = writeConfig(config, 'ts', ['Imported.']);
  // The package itself is imported in the tests of the built command.
  const path = folder.write('a.ts', text.replace(/^import .*$/m, 'const defineConfig = (c) => c;'));
  expect((await readModule({ path, text, file: path, id: '1' })).config).toEqual(config);
});
