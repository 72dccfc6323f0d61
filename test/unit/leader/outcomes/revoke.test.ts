import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import type { ResultReader } from '../../../../src/contracts/store/results.ts';
import { settle } from '../../../support/settle.ts';

const withoutOutcomes: ResultReader = {
  read: async () => ({ ended: [], unreadable: new Map() }),
  close: async () => {},
};
vi.mock('../../../../src/drivers/open-results.ts', async (load) => ({
  ...(await load<object>()),
  openResultReader: async () => withoutOutcomes,
}));

test.each([
  [{}, 'celery.pidbox'],
  [{ controlExchange: 'shop' }, 'shop.pidbox'],
])('with %o, workers are asked to end a run at the exchange %s', async (setting, exchange) => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const url = `memory://${randomUUID()}`;
  const store = openMemoryStore(storeOptions(url, { clock }));
  const exchanges: string[] = [];
  vi.spyOn(store.broker, 'announce').mockImplementation(async (...given: unknown[]) => {
    const [messages] = given as [readonly Message[]];
    exchanges.push(...messages.map(({ destination }) => destination.exchange));
  });
  const a = { task: 'a', schedule: 10, overlap: 'cancel', maxRuntime: 3_600 } as const;
  const servers = { brokerUrl: 'redis://', resultBackend: 'redis://' };
  const config = { ...servers, ...setting, resultExpires: null, beatSchedule: { a } };
  await using beat = new Beat(config, { clock, store });
  await beat.start();
  await settle();
  for (let second = 0; second < 25; second++) {
    clock.advance(1_000);
    await settle();
  }
  expect(exchanges).toEqual([exchange]);
});
