import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import type { HistoryRow } from '../../../../src/contracts/store/history.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';
import { Folder } from '../../../support/folder.ts';

new ConfigFolder();

const MINUTE = 60_000;
/** Ten minutes ago, a whole minute. */
const START = Math.floor(systemClock.now() / MINUTE) * MINUTE - 10 * MINUTE;
const iso = (minutes: number) => new Date(START + minutes * MINUTE).toISOString();

/** A configuration with an entry of which these minutes were published, and the state after the fifth. */
async function prepare(published: readonly number[], more: readonly HistoryRow[] = []) {
  const folder = new Folder();
  const config = {
    brokerUrl: `sqla+sqlite:///${folder.path}/beat.sqlite`,
    beatSchedule: { minutely: { task: 'tasks.a', schedule: { cron: '* * * * *' } } },
  };
  const file = folder.write('beat.config.json', JSON.stringify(config));
  const settings = resolveSettings(config);
  const store = await openState(storeOptions(settings, systemClock));
  const token = await store.ledger.beginTerm();
  const history = published.map((minute, i): HistoryRow => ({
    kind: 'run',
    dueAt: START + minute * MINUTE,
    sentAt: START + minute * MINUTE + 12,
    cause: 'schedule',
    taskId: `run-${minute}`,
    task: 'tasks.a',
    queue: 'celery',
    term: token,
    leader: 'gen1@a',
    number: i + 1,
  }));
  const entry = settings.entries.find(({ name }) => name === 'minutely')!;
  const after = {
    version: 1,
    rev: 1,
    spec: entry.schedule.spec,
    anchor: START,
    dueAt: START + 5 * MINUTE,
    sentAt: null,
    taskId: null,
    runCount: published.length,
  };
  const change = { entry: 'minutely', before: null, messages: [], history: [...history, ...more], after };
  await store.ledger.commit({ token, changes: [change] });
  await store.close();
  const run = (...args: string[]) => runCommand(...args, '--config', file);
  return Object.assign(run, { [Symbol.dispose]: () => folder[Symbol.dispose]() });
}

const PERIOD = ['--from', iso(0), '--to', iso(6)];

test('beat history: prints runs, newest first, and the columns of outcomes where there are any', async () => {
  using run = await prepare([1, 2, 3]);
  const { code, stdout } = await run('history', 'minutely', '--limit', '2');
  const [heading, ...lines] = splitLines(stdout);
  expect(code).toBe(0);
  expect(heading).toMatch(/^DUE +LATE +CAUSE +QUEUE +LEADER +TASK ID$/);
  expect(lines.map((line) => /run-\d/.exec(line)?.[0])).toEqual(['run-3', 'run-2']);
  expect(lines[0]).toContain('12 ms  schedule  celery  gen1@a');
});

test('beat history: prints only failed runs with --failed, with their error', async () => {
  const outcome: HistoryRow = {
    kind: 'outcome',
    taskId: 'run-2',
    dueAt: START + 2 * MINUTE,
    state: 'FAILURE',
    ...{ doneAt: START + 3 * MINUTE, runtimeMs: 1_234, worker: 'celery@w', error: 'KeyError: 1\nat x' },
  };
  using run = await prepare([1, 2, 3], [outcome]);
  const lines = splitLines((await run('history', 'minutely', '--failed')).stdout);
  expect(lines[0]).toMatch(/TASK ID +STATE +RUNTIME +WORKER +ERROR$/);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/run-2 +FAILURE +1\.2 s +celery@w +KeyError: 1$/);
  const [json] = parseJsonLines((await run('history', 'minutely', '--failed', '--json')).stdout);
  expect(json).toMatchObject({
    kind: 'run',
    entry: 'minutely',
    dueAt: iso(2),
    latenessMs: 12,
    taskId: 'run-2',
    outcome: { state: 'FAILURE', doneAt: iso(3), runtimeMs: 1_234, error: 'KeyError: 1\nat x' },
  });
});

test('beat history: counts revoked tasks and lost results as failed', async () => {
  const outcomes = ['SUCCESS', 'REVOKED', 'LOST'].map((state, i): HistoryRow => ({
    kind: 'outcome',
    taskId: `run-${i + 1}`,
    dueAt: START + (i + 1) * MINUTE,
    state,
    doneAt: START + 5 * MINUTE,
    runtimeMs: null,
    worker: null,
    error: null,
  }));
  using run = await prepare([1, 2, 3], outcomes);
  const [, ...lines] = splitLines((await run('history', 'minutely', '--failed')).stdout);
  expect(lines.map((line) => /run-\d/.exec(line)?.[0])).toEqual(['run-3', 'run-2']);
});

test('beat audit: exits with 0 and a summary when every occurrence is accounted for', async () => {
  using run = await prepare([1, 2, 3, 4, 5]);
  const { code, stdout } = await run('audit', ...PERIOD, 'minutely');
  const lines = splitLines(stdout);
  expect(code).toBe(0);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toMatch(/ minutely +published 12 ms late by gen1@a: run-1$/);
  expect(lines[5]).toBe('1 entry: 5 published, 0 published twice, 0 not accounted for');
});

test('beat audit: exits with 1 and names an occurrence that is not accounted for', async () => {
  using run = await prepare([1, 2, 4, 5]);
  const { code, stdout } = await run('audit', ...PERIOD, '--json', '--problems');
  expect(code).toBe(1);
  expect(parseJsonLines(stdout)).toEqual([
    { entry: 'minutely', dueAt: iso(3), status: 'unaccounted' },
    {
      summary: {
        ...{ entries: 2, unreadable: 0, unreadableRows: 0, scheduledLater: 1, published: 4, skipped: 0, waiting: 0 },
        'not-yet-due': 0,
        'before-history': 0,
        'published-twice': 0,
        unaccounted: 1,
      },
    },
  ]);
});

test('beat why: explains a run and an instant without one', async () => {
  using run = await prepare([1, 2, 3, 4, 5]);
  const due = await run('why', 'minutely', '--at', iso(2));
  expect(due).toMatchObject({ code: 0, stderr: '' });
  expect(due.stdout).toContain('published 12 ms late by gen1@a: run-2');
  expect(due.stdout).toMatch(/minute +\* +\d+ +matches/);
  const present = await run('why', 'minutely', '--json');
  // The present may be a whole minute.
  const status = expect.stringMatching(/^(not-due|waiting)$/) as string;
  expect(JSON.parse(present.stdout)).toMatchObject({ status });
  const between = new Date(START + 2 * MINUTE + 1_000).toISOString();
  const { stdout } = await run('why', 'minutely', '--at', between, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    entry: 'minutely',
    isDue: false,
    status: 'not-due',
    previous: iso(2),
    next: iso(3),
    reasons: ['the schedule does not have this instant: second (0) does not match 1'],
  });
});

test.each([
  [['history', 'minutly'], 'no entry "minutly"; did you mean "minutely"?'],
  [['history', 'minutely', '--limit', '0'], '--limit: expected a whole number'],
  [['why', 'minutely', '--at', '2027-03-01T12:00'], '--at: expected'],
  [['audit', '--from', iso(2), '--to', iso(1)], '--from must be before --to'],
  [['audit', ...PERIOD, 'nothing'], 'no entry "nothing"'],
])('%j is rejected with what is allowed', async (args, message) => {
  using run = await prepare([1]);
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('beat history: says that the configuration disables the history', async () => {
  using folder = new Folder();
  const file = folder.write(
    'beat.config.json',
    JSON.stringify({ brokerUrl: 'memory://', history: false, beatSchedule: {} }),
  );
  const { code, stderr } = await runCommand('history', 'a', '--config', file);
  expect(code).toBe(2);
  expect(stderr).toContain('history: false disables the history');
});

test('beat history and beat audit: show an unreadable row in its place, with the command that removes it', async () => {
  const dueAt = START + 3 * MINUTE;
  const bad = { kind: 'run', dueAt, sentAt: dueAt, task: 1 } as unknown as HistoryRow;
  const last: HistoryRow = {
    kind: 'skip',
    first: START + 4 * MINUTE,
    last: START + 5 * MINUTE,
    count: 2,
    reason: 'missed',
    at: START + 5 * MINUTE,
    term: 1,
  };
  using run = await prepare([1, 2, 3], [bad, last]);
  const history = splitLines((await run('history', 'minutely')).stdout);
  expect(history).toEqual([
    expect.stringMatching(/^DUE /),
    expect.stringContaining('skipped: missed'),
    expect.stringMatching(/^2\S+ .* unreadable: not a row of the history: "\{/),
    ...['run-3', 'run-2', 'run-1'].map((id) => expect.stringContaining(id) as string),
    'unreadable rows are removed with: beat forget --history minutely',
  ]);
  const json = parseJsonLines((await run('history', 'minutely', '--json')).stdout);
  const unreadable = { entry: 'minutely', kind: 'unreadable', at: iso(3), repair: 'beat forget --history minutely' };
  expect(json).toHaveLength(5);
  expect(json[1]).toMatchObject(unreadable);
  const audit = await run('audit', ...PERIOD);
  expect(audit.code).toBe(1);
  expect(splitLines(audit.stdout)[0]).toMatch(/^minutely {2}unreadable of \S+Z: .*; beat forget --history minutely$/);
  expect(splitLines(audit.stdout)).toContain('Rows of the history that cannot be read: 1');
  const rows = parseJsonLines((await run('audit', ...PERIOD, '--json')).stdout);
  expect(rows[0]).toMatchObject({ ...unreadable, status: 'unreadable' });
  expect(rows.at(-1)).toMatchObject({ summary: { unreadable: 0, unreadableRows: 1 } });
  const later = await run('audit', '--from', iso(4), '--to', iso(6));
  expect(later).toMatchObject({ code: 0, stdout: expect.not.stringContaining('unreadable') as string });
  expect(await run('forget', '--history', 'minutely')).toMatchObject({
    code: 0,
    stdout: 'Removed unreadable rows of the history of entry "minutely": 1\n',
  });
  expect(await run('forget', '--history', 'minutely')).toMatchObject({
    code: 0,
    stdout: 'All rows of the history of entry "minutely" can be read: nothing to remove\n',
  });
  expect(parseJsonLines((await run('history', 'minutely', '--json')).stdout)).toHaveLength(4);
  expect((await run('audit', ...PERIOD)).code).toBe(0);
});
