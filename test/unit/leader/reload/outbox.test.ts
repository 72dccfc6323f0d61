import { randomUUID } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { MemoryBroker } from '../../../../src/drivers/memory/broker.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { settle } from '../../../support/settle.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a reload: messages in the outbox follow the new missed policy of their entry', async () => {
  const name = randomUUID();
  const config = (missed: 'all' | 'once'): BeatConfig => ({
    brokerUrl: `memory://queues-${name}`,
    stateUrl: `memory://state-${name}`,
    resultExpires: null,
    beatSchedule: { a: { task: 'a', schedule: 10, missed } },
  });
  let accepts = false;
  const published: unknown[] = [];
  vi.spyOn(MemoryBroker.prototype, 'publish').mockImplementation(async (messages: readonly Message[]) => {
    if (!accepts) return messages.map((message) => ({ message, reason: 'no queue' }));
    published.push(...messages.map(({ headers }) => headers['beat_due_at']));
    return [];
  });
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  await using beat = new Beat(config('all'), { clock });
  const skipped: unknown[] = [];
  beat.on('skipped', ({ reason, first, last, count }) => {
    const [from, to] = [first, last].map((at) => new Date(at).toISOString().slice(14, 19));
    skipped.push(`${reason} ${count} ${from} ${to}`);
  });
  await beat.start();
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      await settle();
    }
  };
  await settle();
  await pass(35);
  expect(skipped).toEqual([]);
  await beat.reload(config('once'));
  await pass(4);
  accepts = true;
  await pass(70);
  expect(skipped).toEqual(['coalesced 3 00:10 00:30']);
  expect(published[0]).toBe('2027-03-01T12:00:40.000Z');
});
