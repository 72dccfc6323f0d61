import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../src/config/config-files.ts';

const cwd = fileURLToPath(new URL('../../../', import.meta.url));
const examples = readdirSync(`${cwd}schedules/examples`).map((name) => `schedules/examples/${name}`);

const load = (path?: string) => new ConfigFiles(path, { cwd }).read();

describe('the examples in schedules/', () => {
  test('are loaded when beat starts in the repository, and are due within the minute', async () => {
    const { files, entries } = await load();
    expect(files).toEqual(['schedules/default.yaml']);
    const tasks = ['tasks.add', 'tasks.greet', 'tasks.cleanup', 'celery.backend_cleanup'];
    expect(entries.map(({ task }) => task)).toEqual(tasks);
    const now = new Date('2026-11-21T12:00:00Z');
    const due = entries.map(({ schedule }) => schedule.next(now)?.toISOString());
    expect(due).toEqual([
      '2026-11-21T12:00:10.000Z',
      '2026-11-21T12:01:00.000Z',
      '2026-11-22T02:30:00.000Z',
      '2026-11-22T04:00:00.000Z',
    ]);
  });

  test.each(examples)('%s can be used as it is', async (file) => {
    const { entries } = await load(file);
    expect(entries.length).toBeGreaterThan(0);
    for (const { schedule } of entries) {
      expect(schedule.next(new Date('2026-11-21T12:00:00Z'))).toBeInstanceOf(Date);
    }
  });

  test('are valid together as a folder', async () => {
    const { files, entries } = await load('schedules/examples');
    expect(files).toHaveLength(examples.length);
    const kinds = entries.map(({ schedule }) => schedule.spec.split('(')[0]);
    expect(new Set(kinds)).toEqual(new Set(['every', 'cron', 'at', 'solar']));
  });
});
