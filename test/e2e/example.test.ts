import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Schedule {
  beatSchedule: Record<string, { task: string; schedule: unknown }>;
}

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  describe.skipIf(missing)(missing || `the worker of examples/ under ${celery.name}`, () => {
    test('example worker: runs every task of the default schedule from the same SQLite file', async () => {
      const schedule = parse(readFileSync(join(ROOT, 'schedules/default.yaml'), 'utf8')) as Schedule;
      // The same entries, with short intervals in place of nightly ones.
      for (const entry of Object.values(schedule.beatSchedule)) entry.schedule = 1;
      using folder = new Folder({ 'schedules/default.yaml': stringify(schedule) });
      const cwd = folder.path;

      const output = new Journal<string>();
      const add = (line: string) => output.add(line);
      const args = ['-m', 'celery', '-A', 'examples.tasks', 'worker', '-P', 'solo', '-l', 'info'];
      await using _worker = new Child(findCelery(celery)!.python, args, {
        cwd,
        env: { PYTHONPATH: ROOT, PYTHONDONTWRITEBYTECODE: '1' },
        lines: { 1: add, 2: add },
      });
      await using beat = new BeatProcess({ cwd });
      await output.until('all tasks succeeded', (all) => {
        const tasks = Object.values(schedule.beatSchedule).map(({ task }) => task);
        const succeeded = (task: string) =>
          all.some((line) => line.includes(`Task ${task}[`) && line.includes('succeeded'));
        return tasks.every(succeeded) || undefined;
      });
      expect(output.all.some((line) => line.includes('Hello world'))).toBe(true);
      expect(output.all.some((line) => /cleanup-every-night, due at 20\S+Z/.test(line))).toBe(true);
      expect(await beat.stop()).toEqual({ code: 0, signal: null });
    });
  });
}
