import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { runCommand } from '../../../support/command.ts';
import { Folder } from '../../../support/folder.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';

new ConfigFolder();

async function commit(brokerUrl: string, change: Change): Promise<void> {
  const settings = resolveSettings({ brokerUrl, beatSchedule: {} });
  const store = await openState(storeOptions(settings, systemClock));
  const token = await store.ledger.beginTerm();
  await store.ledger.commit({ token, changes: [change] });
  await store.close();
}

test('beat list: has aligned columns, with each entry in its own zone', async () => {
  const { code, stdout, stderr } = await runCommand('list', '-b', 'memory://');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [heading = '', ...rows] = splitLines(stdout);
  const columns = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
  const starts = columns.map((name) => heading.indexOf(name));
  const cells = rows.map((row) => starts.map((start, i) => row.slice(start, starts[i + 1]).trimEnd()));
  const instant = (offset: string) => expect.stringMatching(`^20\\d\\d-.*${offset}$`) as string;
  expect(cells).toEqual([
    [...['nightly-report', 'reports.nightly', 'at 02:30', 'never', '0'], instant('02:30:00 .* Europe/Oslo')],
    [...['tokyo', 'tasks.tokyo', 'at 08:00, only on Monday', 'never', '0'], instant('08:00:00 .09:00 Asia/Tokyo')],
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
    lastOutcome: null,
    lastSkipped: null,
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

test('beat list: has a column with the newest skip and its reason, if there is one', async () => {
  using folder = new Folder({});
  const url = `sqla+sqlite:///${folder.path}/beat.sqlite`;
  const dueAt = Date.UTC(2026, 10, 21, 23);
  const change = makeFirstRun('tokyo');
  const after = { ...change.after, dueAt, lastSkip: { dueAt, reason: 'deadline' } } as const;
  await commit(url, { ...change, after, messages: [] });
  const [heading = '', ...rows] = splitLines((await runCommand('list', '-b', url)).stdout);
  const column = heading.indexOf('LAST SKIPPED');
  expect(rows.map((row) => row.slice(column))).toEqual([
    ...['', '2026-11-22 08:00:00 +09:00 Asia/Tokyo (deadline)', ''],
  ]);
});

describe('beat list: with an entry whose state cannot be read', () => {
  const error =
    'the state of entry "tokyo" cannot be read: "{"; ' + 'its schedule restarts from now with: beat forget tokyo';
  let url: string;
  let folder: Folder;
  beforeEach(async () => {
    folder = new Folder({});
    url = `sqla+sqlite:///${folder.path}/beat.sqlite`;
    await commit(url, makeFirstRun('tokyo'));
    using db = new DatabaseSync(`${folder.path}/beat.sqlite`);
    db.exec(`UPDATE beat_entry SET state = '{' WHERE entry = 'tokyo'`);
  });
  afterEach(() => folder[Symbol.dispose]());

  test('prints the error and the other entries, and exits with 1', async () => {
    const { code, stdout, stderr } = await runCommand('list', '-b', url);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `beat: ${error}\n` });
    expect(stdout).toContain('nightly-report');
    expect(stdout).not.toContain('tokyo');
  });

  test('prints a row with the error with --json, and exits with 1', async () => {
    const { code, stdout, stderr } = await runCommand('list', '--json', '-b', url);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(parseJsonLines(stdout)).toMatchObject([
      { entry: 'nightly-report', runCount: 0 },
      { entry: 'tokyo', source: 'configuration', error },
      { entry: 'retired' },
    ]);
  });
});

describe('beat list --search', () => {
  const definition = JSON.stringify({ task: 'tasks.stored', schedule: 60 });
  let url: string;
  let folder: Folder;
  beforeEach(async () => {
    folder = new Folder({});
    url = `sqla+sqlite:///${folder.path}/beat.sqlite`;
    for (const entry of ['tokyo-2', 'osaka']) {
      const change = makeFirstRun(entry);
      await commit(url, { ...change, messages: [], stored: { dueAt: 1, definition } });
    }
  });
  afterEach(() => folder[Symbol.dispose]());
  const search = async (text: string) => {
    const { code, stdout, stderr } = await runCommand('list', '-b', url, '--search', text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return splitLines(stdout);
  };
  const names = ([, ...rows]: string[]) => rows.map((row) => row.split(' ')[0]);

  test.each([
    ['okyo', ['tokyo', 'tokyo-2']],
    ['TOKYO', ['tokyo', 'tokyo-2']],
    ['REPORTS.', ['nightly-report']],
  ])('finds %s in names, and in tasks of the configuration', async (text, found) => {
    expect(names(await search(text))).toEqual(found);
  });

  test('prints JSON lines with --json', async () => {
    const { stdout } = await runCommand('list', '-b', url, '--search', 'saka', '--json');
    expect(parseJsonLines(stdout)).toMatchObject([{ entry: 'osaka', task: 'tasks.stored' }]);
  });

  test('says that nothing was found', async () => {
    expect(await search('kyoto')).toEqual([
      'no entry is found by "kyoto"; stored entries are found by their names alone',
    ]);
  });

  test('shows what it finds in the configuration if the ledger is unreachable', async () => {
    const broker = 'redis://127.0.0.1:1';
    const { code, stdout } = await runCommand('list', '-b', broker, '--search', 'tokyo');
    expect([code, names(splitLines(stdout))]).toEqual([1, ['tokyo']]);
  });
});

test('beat list: exits with 2 for a configuration with errors', async () => {
  expect(await runCommand('list', '-c', 'wrong.yaml')).toMatchObject({ code: 2, stdout: '' });
});
