import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import { openStore } from '../../../../src/leader/outbox/open-store.ts';
import { loadRecorded, loadWhy } from '../../../../src/read-models/history/load-history.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { makeEntry, makeState, MINUTE } from '../../../support/entry.ts';

const DEFINITION = JSON.stringify({ task: 'tasks.stored', schedule: 60 });

test('all stored entries are read in pages, and then only the requested ones', async () => {
  const settings = resolveSettings({ brokerUrl: `memory://${randomUUID()}` });
  const store = await openStore(storeOptions(settings, systemClock));
  const token = await store.ledger.beginTerm();
  const names = Array.from({ length: 200 }, (_, i) => `entry ${String(i).padStart(3, '0')}`);
  for (const [i, entry] of names.entries()) {
    const stored = { dueAt: i, definition: DEFINITION };
    const change = { ...makeFirstRun(entry), messages: [], stored };
    await store.ledger.commit({ token, changes: [change] });
  }
  await store.close();
  const state = await openState(storeOptions(settings, systemClock));
  const source = { store: state, entries: [], definitions: settings.definitions };
  const load = async (wanted: readonly string[]) => {
    const found: string[] = [];
    for await (const each of loadRecorded(source, state.history!, wanted, 0)) {
      found.push(each.kind === 'recorded' ? each.recorded.entry.name : each.error);
    }
    return found;
  };
  expect(await load([])).toEqual(names);
  expect(await load(['entry 150', 'entry 007'])).toEqual(['entry 150', 'entry 007']);
  await state.close();
});

test('an occurrence before the first run of a whole history is unaccounted, not older than the history', async () => {
  const clock = new ManualClock('2027-03-01T12:06:00Z');
  const store = await openStore(storeOptions(resolveSettings({ brokerUrl: `memory://${randomUUID()}` }), clock));
  const now = clock.now();
  const dueAt = now - MINUTE;
  const change = makeFirstRun('cleanup');
  const row = { kind: 'run', dueAt, sentAt: dueAt, cause: 'schedule', taskId: 'a', task: 't' } as const;
  const history = [{ ...row, queue: 'celery', term: 1, leader: 'one', number: 1 }];
  await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [{ ...change, history }] });
  const record = { entry: makeEntry(), state: makeState({ anchor: now - 6 * MINUTE, dueAt }) };
  const { found } = await loadWhy({ history: store.history, commands: store.commands! }, record, now - 3 * MINUTE, {
    now,
    show: String,
  });
  expect(found.account?.kind).toBe('unaccounted');
  await store.close();
});
