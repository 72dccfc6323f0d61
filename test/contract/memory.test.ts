import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import { openMemoryStore } from '../../src/drivers/memory/store.ts';
import { makeMessage } from '../support/message.ts';
import { brokerContract } from './broker.contract.ts';
import { commandLogContract } from './command-log.contract.ts';
import { historyContract } from './history.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { outboxContract, type TestStateStore } from './outbox.contract.ts';
import { instancesContract } from './instances.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';
import { stateContract } from './state.contract.ts';
import { forwardableClock, storeOptions } from './test-store.ts';
import { stateRemovalContract } from './state-removal.contract.ts';

async function openTestStore(): Promise<TestStateStore> {
  const clock = forwardableClock();
  const options = storeOptions(`memory://${randomUUID()}`, { clock });
  const store = openMemoryStore(options);
  return {
    url: options.server.url,
    open: async (more) => openMemoryStore({ ...options, ...more }),
    queued: async (queue) =>
      store.broker.messages
        .filter((m) => m.destination.queue === queue)
        .map((m) => ({ taskId: m.taskId, body: m.body.toString() })),
    expireLock: async () => clock.forward(options.lockTtl),
    empty: async () => store.ledger.empty(),
    async damageState(entry) {
      const expected = (await store.ledger.load()).get(entry)!;
      const change = { entry, before: expected, after: {} as EntryState, messages: [] };
      await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [change] });
    },
    close: () => store.close(),
  };
}

lockContract('memory', openTestStore);
ledgerContract('memory', openTestStore);
brokerContract('memory', openTestStore);
outboxContract('memory', openTestStore);
commandLogContract('memory', openTestStore);
storedEntriesContract('memory', openTestStore);
instancesContract('memory', openTestStore);
historyContract('memory', openTestStore);
stateRemovalContract('memory', openTestStore);
stateContract('memory', openTestStore);

test('memory stores of one name share their data, and stores without a name do not', async () => {
  const name = `memory://${randomUUID()}`;
  const open = (url: string) => openMemoryStore(storeOptions(url));
  const [a, b, c, d] = [open(name), open(name), open('memory://'), open('memory://')];
  await a.broker.publish([makeMessage('one')]);
  await c.broker.publish([makeMessage('two')]);
  expect(b.broker.messages.map((m) => m.taskId)).toEqual(['one']);
  expect(d.broker.messages).toEqual([]);
  expect(await c.lock.acquire()).not.toBeNull();
  expect(await d.lock.acquire()).not.toBeNull();
});
