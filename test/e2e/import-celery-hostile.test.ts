import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { readJson } from '../../src/config/source/json.ts';
import { callBeat } from '../support/call-beat.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';

const PROJECTS = join(import.meta.dirname, '../fixtures/celery-projects');

/** The entries of the fixture `hostile` that beat imports with every Celery. */
const IMPORTED = [
  ...['7', 'good', 'solar', 'int enum', 'naive datetime header', 'less deep', 'never'],
  ...['None', "('a', 'b')", '\\ud800', 'line\nbreak', 'constructor', 'last'],
];

/** Those of which the import says that they are missing. */
const MISSING = [
  ...['decimal option', 'fraction', 'complex', 'enum', 'memoryview', 'frozenset', 'infinity'],
  ...['nan in options', 'circle', 'deep', 'huge', 'surrogate', 'unspeakable', 'unpicklable'],
  ...['moody', 'moody args', 'moody enabled', 'quitter', 'lazy', 'failing lazy', 'endless'],
  ...['generator', 'number args', 'list kwargs', 'number keys', 'no task', 'task object'],
  ...['list as task', 'no schedule', 'empty interval', 'text as schedule', 'longest interval'],
  ...['odd schedule', 'no fields', 'text', 'number fields', 'eta', 'countdown', 'link', 'queue'],
  ...['7', '', '__proto__'],
];

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  const importApp = async (app: string, folder: Folder) => {
    const output = join(folder.path, 'out.json');
    const args = ['-A', app, '--python', findCelery(celery)!.python, '-o', output];
    const { code, stderr } = await callBeat(['import', 'celery', ...args], { cwd: PROJECTS });
    const { config } = readJson(readFileSync(output, 'utf8'), output);
    return { code, stderr, config: config as BeatConfig };
  };

  test.skipIf(missing)(
    missing || `import celery: with ${celery.name}, names each entry that Python alone can hold`,
    async () => {
      using folder = new Folder();
      const { code, stderr, config } = await importApp('hostile', folder);
      expect(code).toBe(1);
      expect(stderr).not.toContain('Traceback');
      const lines = stderr.split('\n').filter((line) => line.includes(': not imported: '));
      for (const name of MISSING) {
        expect(lines).toContainEqual(
          expect.stringMatching(new RegExp(`^entr(y|ies) (.*, )?${name}(, .*)?: not imported: .`)),
        );
      }
      const names = Object.keys(config.beatSchedule!);
      // kombu of Debian cannot write bytes.
      expect(names.filter((name) => name !== 'bytes header').sort()).toEqual(IMPORTED.sort());
      expect(config.beatSchedule).toMatchObject({
        good: { task: 'take', schedule: 60, args: [1] },
        solar: { schedule: { solar: { event: 'sunset', lat: 59.9, lon: 10.7 } } },
      });
    },
  );

  test.skipIf(missing)(
    missing || `import celery: with ${celery.name}, names settings that Python alone can hold`,
    async () => {
      using folder = new Folder();
      const { code, stderr, config } = await importApp('hostile_settings', folder);
      expect(code).toBe(1);
      expect(stderr.split('\n').map((line) => line.split('; ')[0])).toEqual([
        'app: not imported: the setting event_serializer is hostile_settings.Moody',
        'app: not imported: the setting result_backend_transport_options cannot be written: it contains itself, or is nested too deep',
        'app: not imported: the queue odd of task_queues cannot be written: a map with keys that are not text: {1: 2}',
        expect.stringMatching(/^app: note: task_routes has functions/),
        expect.stringMatching(/^setting broker_login_method: not imported: expected one of/),
      ]);
      expect(config.beatSchedule).toEqual({ good: { task: 'take', schedule: 60, args: [1] } });
    },
  );
}
