import { expect, test, vi } from 'vitest';
import { openRedisStore } from '../../../../src/drivers/redis/store.ts';
import { DEFAULT_TRANSPORT } from '../../../../src/contracts/broker/connection-settings.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { FakeServer } from '../../../support/fake-server.ts';

test.each([
  [null, 'beat'],
  ['nightly', 'nightly'],
])('redis store: with the client name %j each connection has the name of its role', async (clientName, prefix) => {
  const names = new Set<string>();
  await using server = await FakeServer.start((socket) => {
    socket.on('data', (data: Buffer) => {
      const [, name] = /setname\r\n\$\d+\r\n(\S+)/i.exec(data.toString()) ?? [];
      if (name !== undefined) names.add(name);
      socket.write('+OK\r\n'.repeat(data.toString().match(/^\*/gm)?.length ?? 0));
    });
  });
  const transport = { ...DEFAULT_TRANSPORT, clientName };
  const store = openRedisStore(storeOptions(`redis://127.0.0.1:${server.port}/0`, { transport }));
  const waiting = new AbortController();
  const uses = [
    store.ledger.load(),
    store.lock.acquire(),
    store.lock.waitForRelease(waiting.signal),
    store.commands.waitForCommand(waiting.signal),
  ].map((use) => use.catch(() => {}));
  const roles = ['commands', 'follower', 'ledger', 'lock'];
  await vi.waitFor(() => expect([...names].toSorted()).toEqual(roles.map((role) => `${prefix}-${role}`)));
  waiting.abort();
  await store.close();
  await Promise.all(uses);
});
