import { readFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runExporter } from '../../src/cli/actions/import/python.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { readJson } from '../../src/config/source/json.ts';
import { ManualClock } from '../../src/testing.ts';
import { callBeat } from '../support/call-beat.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';

const PROJECTS = join(import.meta.dirname, '../fixtures/celery-projects');

/** A turn of the event loop. */
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

afterEach(() => {
  vi.unstubAllEnvs();
});

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  const { python = '', version = '' } = findCelery(celery) ?? {};
  const importApp = async (app: string, folder: Folder, env: Record<string, string> = {}) => {
    const output = join(folder.path, 'out.json');
    const args = ['-A', app, '--python', python, '-o', output];
    const { code, stderr } = await callBeat(['import', 'celery', ...args], { cwd: PROJECTS, env });
    const { config } = readJson(readFileSync(output, 'utf8'), output);
    return { code, lines: stderr.split('\n'), config: config as BeatConfig };
  };

  test.skipIf(missing)(
    missing || `import celery: with ${celery.name}, records what a project sends while it is loaded`,
    async () => {
      using folder = new Folder();
      const { code, lines, config } = await importApp('publishes', folder);
      const line = (what: string) =>
        `app: different: the project sends ${what} when Celery's beat starts, because its code does so while it is loaded; beat does not load it; send it where a worker starts (worker_ready), or as an entry`;
      // Nothing listens at its brokers, so that sending would fail.
      expect({ code, lines }).toEqual({
        code: 1,
        lines: [
          line('a message to news all'),
          line('the remote control request shutdown'),
          line('tasks.warm_up 2 times'),
          line('tasks.other'),
        ],
      });
      expect(Object.keys(config.beatSchedule!)).toEqual(['good']);
    },
  );

  test.skipIf(missing)(
    missing || `import celery: with ${celery.name}, notes values that a project computes while it is loaded`,
    async () => {
      using folder = new Folder();
      const { code, lines } = await importApp('computed', folder);
      expect({ code, lines: lines.map((line) => line.split('; ')[0]) }).toEqual({
        code: 0,
        lines: [
          'app: note: the setting task_default_queue was computed while the project was loaded',
          'entry day: note: args[0], kwargs.at, kwargs.nested[0].id were computed while the project was loaded',
          'entry expires: note: options.expires was computed while the project was loaded',
          expect.stringMatching(/^entry named [-\da-f]+: note: its name was computed while the project was loaded$/),
          'entry random: note: args[0] was computed while the project was loaded',
          'entry soon: note: schedule.crontab.minute, schedule.crontab.hour were computed while the project was loaded',
        ],
      });
    },
  );

  test.skipIf(missing)(
    missing ||
      `import celery: with ${celery.name}, says what a hanging project waits for, and kills it after the limit`,
    async () => {
      using folder = new Folder();
      const hanging = join(folder.path, 'hanging');
      vi.stubEnv('HANGING', hanging);
      const clock = new ManualClock('2026-11-22T12:00:00Z');
      const changes = watch(folder.path);
      const waits: string[] = [];
      const ended = expect(
        runExporter({
          python,
          app: 'hangs',
          workdir: PROJECTS,
          timeout: 60,
          compared: { count: 1, after: new Date() },
          clock,
          onWait: (text) => waits.push(text),
        }),
      ).rejects.toThrow(
        'nothing came within 60 s, waiting for the scheduler hangs.Waits; -S celery.beat:Scheduler imports the entries of the settings without it; --timeout SECONDS waits longer',
      );
      await changes[Symbol.asyncIterator]().next();
      // What the exporter wrote before is in the pipe, which a turn of the loop reads.
      await turn();
      clock.advance(9_999);
      expect(waits).toEqual([]);
      clock.advance(1);
      await turn();
      expect(waits).toEqual([
        'waiting for the scheduler hangs.Waits; -S celery.beat:Scheduler imports the entries of the settings without it',
      ]);
      clock.advance(50_000);
      await ended;
    },
  );

  test.skipIf(missing)(
    missing ||
      `import celery: with ${celery.name}, imports crontabs with a nowfun in the zone in which Celery runs them`,
    async () => {
      using folder = new Folder();
      const env = { ZONE: 'America/New_York', TZ: 'UTC' };
      const { code, lines, config } = await importApp('nowfuns', folder, env);
      expect(code).toBe(1);
      // Older versions run a crontab in the zone of its last run, which nowfun returns.
      const isOld = version.startsWith('5.2');
      const zoneOf = (name: string) => (config.beatSchedule![name] as { timezone?: string }).timezone;
      for (const name of ['oslo', 'oslo monday', 'oslo night', 'partial', 'each hour']) {
        expect(zoneOf(name)).toBe(isOld ? 'Europe/Oslo' : undefined);
      }
      expect(zoneOf('utc')).toBe(isOld ? 'UTC' : undefined);
      for (const name of ['lambda', 'utcnow', 'now', 'interval']) {
        expect(zoneOf(name)).toBeUndefined();
      }
      const zone = isOld ? 'Europe/Oslo, the zone of that time' : 'America/New_York, the zone of the app';
      expect(lines).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^entries oslo, .*: note: its schedule reads the time from nowfuns.in_oslo \\(nowfun\\): Celery ${version} runs it in ${zone}; beat does the same$`,
          ),
        ),
      );
      const left = lines.filter((line) => line.includes(': not imported: ')).map((line) => line.split(':')[0]);
      expect(left).toEqual(['entry days ago', 'entry fails', 'entry hours ago', 'entry text']);
      // The next ten instants of each are compared with those of Celery.
      expect(lines.filter((line) => line.includes(': different: '))).toEqual([]);
    },
  );
}

test('import celery: rejects a limit that is not a number of seconds', async () => {
  const args = ['-A', 'app', '--timeout', 'soon'];
  expect(await callBeat(['import', 'celery', ...args], { cwd: PROJECTS })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--timeout: expected seconds from 1 to 86400, got "soon"') as string,
  });
});
