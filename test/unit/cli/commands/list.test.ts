import { expect, test } from 'vitest';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';

new ConfigFolder();

test('beat list: has aligned columns, with each entry in its own zone', async () => {
  const { code, stdout, stderr } = await runCommand('list', '-b', 'memory://');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [heading = '', ...rows] = splitLines(stdout);
  const columns = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
  const starts = columns.map((name) => heading.indexOf(name));
  const cells = rows.map((row) =>
    starts.map((start, i) => row.slice(start, starts[i + 1]).trimEnd()),
  );
  const instant = (offset: string) => expect.stringMatching(`^20\\d\\d-.*${offset}$`) as string;
  expect(cells).toEqual([
    [
      ...['nightly-report', 'reports.nightly', 'at 02:30', 'never', '0'],
      instant('02:30:00 .* Europe/Oslo'),
    ],
    [
      ...['tokyo', 'tasks.tokyo', 'at 08:00, only on Monday', 'never', '0'],
      instant('08:00:00 .09:00 Asia/Tokyo'),
    ],
    ['retired', 'tasks.retired', 'every hour', 'never', '0', 'disabled'],
  ]);
});

test('beat list: prints one JSON line per entry with --json', async () => {
  const { stdout } = await runCommand('list', '--json', '-b', 'memory://');
  const rows = parseJsonLines(stdout) as { entry: string }[];
  expect(rows.find(({ entry }) => entry === 'retired')).toEqual({
    entry: 'retired',
    source: 'configuration',
    task: 'tasks.retired',
    schedule: 'every hour',
    timezone: null,
    enabled: false,
    paused: null,
    skipping: [],
    lastDueAt: null,
    lastSentAt: null,
    lastTaskId: null,
    runCount: 0,
    nextDueAt: null,
  });
  expect(rows.find(({ entry }) => entry === 'tokyo')).toMatchObject({
    timezone: 'Asia/Tokyo',
    enabled: true,
    nextDueAt: expect.stringMatching(/T23:00:00\.000Z$/) as string,
  });
});

test('beat list: shows the entries and exits with 1 if the ledger is unreachable', async () => {
  const { code, stdout, stderr } = await runCommand('list', '-b', 'redis://127.0.0.1:1');
  expect(code).toBe(1);
  expect(splitLines(stdout)).toHaveLength(4);
  expect(stderr).toMatch(/^beat: the ledger is unreachable, so LAST SENT and RUNS are unknown: ./);
});

test('beat list: exits with 2 for a configuration with errors', async () => {
  expect(await runCommand('list', '-c', 'wrong.yaml')).toMatchObject({ code: 2, stdout: '' });
});
