import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { loadStatus, loadStoredStatus } from '../../../../src/read-models/status/load-status.ts';
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
  expect(await loadStatus({ ledger: { load } }, entries, NOW)).toEqual([
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
      ...{ ...inStore, entry: 'not-json' },
      error:
        'the definition of stored entry "not-json" is not a JSON object, or is too large; beat remove removes the entry',
    },
    { ...inStore, entry: 'sound', runCount: 0 },
    {
      ...{ ...inStore, entry: 'invalid' },
      error: expect.stringMatching(
        /^the definition of stored entry "invalid" is invalid: .*did you mean "schedule"\?; .*change it with beat update, or remove it with beat remove$/,
      ) as string,
    },
    {
      ...{ ...inStore, entry: 'damaged' },
      error:
        'the state of entry "damaged" cannot be read: "{"; ' +
        'its schedule restarts from now with: beat forget damaged',
    },
  ]);
});
