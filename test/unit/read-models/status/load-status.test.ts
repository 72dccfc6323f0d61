import { expect, test, vi } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { loadStatus, loadStoredStatus, toRows } from '../../../../src/read-models/status/load-status.ts';
import type { HistoryRow } from '../../../../src/contracts/store/history.ts';
import type { StoredEntry } from '../../../../src/contracts/store/stored-entries.ts';
import { StoreError } from '../../../../src/util/errors.ts';
import { makeEntry } from '../../../support/entry.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const { definitions } = resolveSettings({});

test('an entry whose state cannot be read has a row with the error and its repair', async () => {
  const load = async (unreadable?: (entry: string, error: StoreError) => void) => {
    for (const entry of ['damaged', 'gone']) unreadable?.(entry, new StoreError('not a state'));
    return new Map();
  };
  const entries = ['damaged', 'sound'].map((name) => makeEntry({ name }));
  const error = 'not a state; its schedule restarts from now with: beat forget';
  expect(await loadStatus({ ledger: { load, findStates: async () => new Map() } }, entries, NOW)).toEqual([
    { entry: 'damaged', source: 'configuration', error: `${error} damaged` },
    expect.objectContaining({ entry: 'sound', runCount: 0 }),
    { entry: 'gone', source: 'configuration', error: `${error} gone` },
  ]);
});

test('a stored entry whose definition or state cannot be read has a row with the error', async () => {
  const definition = '{"task":"tasks.add","schedule":60}';
  const sound = { entry: 'sound', definition, state: null, dueAt: null };
  const rows: StoredEntry[] = [
    { ...sound, entry: 'not-json', definition: 'task' },
    sound,
    { ...sound, entry: 'invalid', definition: '{"task":"tasks.add","schedul":60}' },
    { ...sound, entry: 'damaged', state: '{' },
  ];
  const stored = { page: async () => rows, find: async () => [] };
  const listed = [];
  for await (const row of loadStoredStatus({ entries: stored }, definitions, NOW)) listed.push(row);
  const inStore = { source: 'store' };
  expect(listed).toMatchObject([
    {
      ...inStore,
      entry: 'not-json',
      error:
        'the definition of stored entry "not-json" is not a JSON object, or is too large; beat remove removes the entry',
    },
    { ...inStore, entry: 'sound', runCount: 0 },
    {
      ...inStore,
      entry: 'invalid',
      error: expect.stringMatching(
        /^the definition of stored entry "invalid" is invalid: .*did you mean "schedule"\?; .*change it with beat update, or remove it with beat remove$/,
      ) as string,
    },
    {
      ...inStore,
      entry: 'damaged',
      error:
        'the state of entry "damaged" cannot be read: "{"; ' +
        'its schedule restarts from now with: beat forget damaged',
    },
  ]);
});

const outcome: HistoryRow = {
  kind: 'outcome',
  taskId: 'id',
  dueAt: 0,
  state: 'FAILURE',
  doneAt: 1_500,
  runtimeMs: 1_200,
  worker: 'celery@a',
  error: 'ValueError: x',
};
const run: HistoryRow = {
  kind: 'run',
  dueAt: 0,
  sentAt: 0,
  cause: 'schedule',
  taskId: 'id',
  task: 't',
  queue: 'celery',
  term: 1,
  leader: 'gen1@a',
  number: 1,
};
const record = (name: string) => ({ name, entry: makeEntry({ name }), state: null });
const UNREADABLE = { name: 'broken', source: 'store', entry: null, state: null, error: 'x' } as const;

test('last outcomes: one query reads the outcomes of all readable entries', async () => {
  const latest = vi.fn(
    async () =>
      new Map([
        ['a', [run, outcome, { ...outcome, state: 'SUCCESS' }]],
        ['b', [run]],
      ]),
  );
  const records = [record('a'), UNREADABLE, record('b'), record('c')];
  expect(await toRows({ latest }, records, NOW)).toMatchObject([
    {
      entry: 'a',
      lastOutcome: {
        taskId: 'id',
        dueAt: '1970-01-01T00:00:00.000Z',
        state: 'FAILURE',
        doneAt: '1970-01-01T00:00:01.500Z',
        runtimeMs: 1_200,
        worker: 'celery@a',
        error: 'ValueError: x',
      },
    },
    { entry: 'broken', source: 'store', error: 'x' },
    { entry: 'b', lastOutcome: null },
    { entry: 'c', lastOutcome: null },
  ]);
  expect(latest.mock.calls).toEqual([[['a', 'b', 'c'], expect.any(Number)]]);
});

test('last outcomes: without a history, or with one that cannot be read, entries have none', async () => {
  const latest = () => Promise.reject(new Error('lacks SELECT'));
  for (const history of [undefined, { latest }]) {
    const [row] = await toRows(history, [record('a')], NOW);
    expect(row).toMatchObject({ entry: 'a', runCount: 0 });
    expect(row).not.toHaveProperty('lastOutcome');
  }
});
