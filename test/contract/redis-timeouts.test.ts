import { expect, test } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { FakeServer, neverAnswer } from '../support/fake-server.ts';
import { makeFirstRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { storeOptions } from './test-store.ts';

test('redis: every call to a server that never answers fails within its time limit, and names the limit', async () => {
  await using server = await FakeServer.start(neverAnswer);
  const transport = { ...DEFAULT_TRANSPORT, socketTimeout: 200 };
  const store = openRedisStore(storeOptions(`redis://127.0.0.1:${server.port}/0`, { transport }));
  const calls: Record<string, () => Promise<unknown>> = {
    'lock.acquire': () => store.lock.acquire(),
    'ledger.load': () => store.ledger.load(),
    'ledger.beginTerm': () => store.ledger.beginTerm(),
    'ledger.commit': () => store.ledger.commit({ token: 1, changes: [makeFirstRun('a')] }),
    'broker.publish': () => store.broker.publish([makeMessage('b')]),
    'clock.read': async () => store.checkHealth?.(),
  };
  for (const [operation, call] of Object.entries(calls)) {
    await expect(call(), operation).rejects.toThrow(/did not answer in 200 ms|no connection to Redis/);
  }
  await store.close();
});
