import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { answerHealth } from '../../../src/cli/service/health.ts';
import { Beat } from '../../../src/leader/beat.ts';
import { auditRow, pending } from '../../../src/entries/commands/shapes.ts';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { configurationCheck, configurationDiff } from '../../../src/read-models/configuration/shapes.ts';
import { accounting, historyRow, why } from '../../../src/read-models/history/shapes.ts';
import { entryRow, health, instanceRow, nextOccurrence } from '../../../src/read-models/status/shapes.ts';
import { Liveness } from '../../../src/observe/liveness.ts';
import { writeInvalidRecords } from '../../support/invalid-records.ts';
import { runCommand } from '../../support/command.ts';
import { parseJsonLines } from '../../support/config-folder.ts';
import { Folder } from '../../support/folder.ts';
import { openState } from '../../../src/drivers/open-store.ts';
import { storeOptions } from '../../../src/config/service/store-options.ts';
import type { HistoryRow } from '../../../src/contracts/store/history.ts';
import { systemClock } from '../../../src/util/system-clock.ts';

// A line with a field that its schema does not have differs from what the schema makes of it.

const CONFIG: BeatConfig = {
  brokerUrl: 'memory://json-output',
  resultExpires: null,
  beatSchedule: {
    backup: { task: 'shop.backup', schedule: { cron: '0 3 * * *' }, description: 'Nightly' },
    paused: { task: 'shop.paused', schedule: { cron: '0 4 * * *' }, timezone: 'Europe/Oslo' },
    disabled: { task: 'shop.disabled', schedule: 60, enabled: false },
  },
};

let folder: Folder;
let beat: Beat;

const run = async (...args: readonly string[]) => {
  const { stdout } = await runCommand(...args, '--json', '--config', `${folder.path}/beat.json`);
  return parseJsonLines(stdout);
};

beforeAll(async () => {
  folder = new Folder({ 'beat.json': JSON.stringify(CONFIG) });
  beat = new Beat(CONFIG);
  const scheduling = new Promise<void>((resolve) => beat.once('scheduling', () => resolve()));
  await beat.start();
  await scheduling;
  await run('run', 'backup', '--reason', 'after the migration');
  await run('pause', 'paused', '--until', '2099-01-01T00:00:00Z');
  await run('skip', 'backup');
  await run('add', 'stored', '--task', 'mail.send', '--schedule', '1h');
  await beat.stop();
  const store = await openState(storeOptions(beat.settings, systemClock));
  await store.instances.announce({
    id: 'one',
    host: 'alpha',
    pid: 7,
    version: '1.2.3',
    role: 'leader',
    term: 1,
    startedAt: 0,
    skewMs: 2,
  });
  const row: HistoryRow = {
    kind: 'outcome',
    taskId: 'gone',
    dueAt: 0,
    state: 'FAILURE',
    doneAt: Date.now(),
    runtimeMs: 90,
    worker: 'celery@one',
    error: 'OSError: disk is full',
  };
  await store.history!.append([{ entry: 'backup', row }]);
  await writeInvalidRecords(store, await store.ledger.beginTerm(), 'damaged');
  await store.close();
});
afterAll(() => folder[Symbol.dispose]());

const PERIOD = ['--from', '2020-01-01T00:00:00Z', '--to', '2020-01-03T00:00:00Z'];

test.each<[line: string, schema: z.ZodType, args: readonly string[]]>([
  ['list', entryRow, []],
  ['list --search', entryRow, ['--search', 'o']],
  ['history', historyRow, ['backup']],
  ['history of unreadable rows', historyRow, ['good']],
  ['why', why, ['backup']],
  ['why at an occurrence', why, ['backup', '--at', '2099-01-01T03:00:00Z']],
  ['audit', accounting, PERIOD],
  ['instances', instanceRow, []],
  ['next', nextOccurrence, ['-n', '3']],
  ['run --no-wait', pending, ['backup', '--no-wait']],
  ['check', configurationCheck, ['-A', 'proj']],
])('beat %s --json prints lines with the documented fields', async (line, schema, args) => {
  const lines = await run(line.split(' ')[0]!, ...args);
  expect(lines.length).toBeGreaterThan(0);
  for (const each of lines) expect(schema.parse(each)).toEqual(each);
});

test('beat resume --json prints the answer of the leader with the documented fields', async () => {
  await using leader = new Beat(CONFIG);
  await leader.start();
  const [row] = await run('resume', 'backup');
  expect(auditRow.parse(row)).toEqual(row);
});

test('beat check --json prints errors with the documented fields', async () => {
  const config = folder.write('wrong.yaml', 'beatSchedule: { a: { schedule: 5 } }');
  const { stdout } = await runCommand('check', '--json', '--config', config);
  const result = JSON.parse(stdout) as unknown;
  expect(result).toMatchObject({ ok: false, errors: [{ file: config, line: 1, path: ['beatSchedule', 'a', 'task'] }] });
  expect(configurationCheck.parse(result)).toEqual(result);
});

test('beat diff --json prints an object with the documented fields', async () => {
  const beatSchedule = {
    backup: { task: 'shop.backup', schedule: 60, kwargs: { table: 'all' } },
    added: { task: 'shop.added', schedule: 3600 },
  };
  const old = folder.write('old.json', JSON.stringify(CONFIG));
  const edited = { ...CONFIG, beatSchedule };
  const { stdout } = await runCommand('diff', '--json', old, folder.write('new.json', JSON.stringify(edited)));
  const result = JSON.parse(stdout) as unknown;
  const parsed = configurationDiff.parse(result);
  expect(parsed).toEqual(result);
  for (const list of [parsed.added, parsed.removed, parsed.edited, parsed.occurrences]) expect(list).not.toEqual([]);
});

test.skipIf(process.platform === 'win32')('beat healthcheck prints lines with the documented fields', async () => {
  vi.stubEnv('BEAT_RUNTIME_DIR', `${folder.path}/runtime`);
  const liveness = new Liveness(systemClock);
  liveness.blockedEntries = ['backup'];
  liveness.reloadError = 'beatSchedule.a.task: missing';
  const answers = await answerHealth(liveness, process.pid);
  const { stdout } = await runCommand('healthcheck');
  answers.close();
  vi.unstubAllEnvs();
  const [line] = parseJsonLines(stdout);
  expect(Object.keys(line!).toSorted()).toEqual(Object.keys(health.shape).toSorted());
  expect(health.parse(line)).toEqual(line);
});
