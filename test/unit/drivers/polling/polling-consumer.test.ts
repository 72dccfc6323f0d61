import { expect, test } from 'vitest';
import type { Delivery } from '../../../../src/contracts/broker/consumer.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createPollingConsumer } from '../../../../src/drivers/polling/polling-consumer.ts';
import { settle } from '../../../support/settle.ts';

test.each<[string, (delivery: Delivery) => Promise<unknown>]>([
  ['acknowledged', (delivery) => delivery.ack()],
  ['requeued', (delivery) => delivery.requeue()],
])('polling consumer: renews the leases of its deliveries until they are %s', async (_, end) => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const waiting = ['a', 'b'];
  const renewed: (readonly string[])[] = [];
  const consumer = createPollingConsumer<string>(
    {
      take: async () => ({ id: waiting.shift()!, queue: 'red', message: null }),
      ack: async () => true,
      requeue: async () => {},
      renew: async (open) => void renewed.push(open),
      restore: async () => {},
      close: async () => {},
    },
    clock,
  );
  const { signal } = new AbortController();
  const deliveries = [(await consumer.receive(signal))!, (await consumer.receive(signal))!];
  for (const delivery of deliveries) {
    clock.advance(10_000);
    await settle();
    await end(delivery);
  }
  clock.advance(10_000);
  await settle();
  expect(renewed).toEqual([['a', 'b'], ['b']]);
  await consumer.close();
});
