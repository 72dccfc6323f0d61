import { describe, expect, test } from 'vitest';
import { Beat } from '../../../src/leader/beat.ts';
import type { Broker } from '../../../src/contracts/broker/broker.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../src/drivers/memory/store.ts';
import { Queues } from '../../../src/celery/routing/queues.ts';
import { settle } from '../../support/settle.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';

/** A beat that has sent one task, whose event the broker has not yet taken. */
async function stopping() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const config = {
    // Events go to brokers that carry them; the store that is opened below takes the place of this one.
    brokerUrl: 'redis://localhost',
    taskSendSentEvent: true,
    beatSchedule: { greet: { task: 'tasks.greet', schedule: 1 } },
  };
  const { transport, keyPrefix, lock } = new Beat(config).settings;
  const store = openMemoryStore({
    ...{ server: parseEndpoint('memory://'), locks: [], keyPrefix, transport, queues: new Queues(), clock },
    lockTtl: lock.ttl,
  });
  const taken = Promise.withResolvers<undefined>();
  const events: string[] = [];
  const broker: Broker = store.broker;
  broker.announce = async (messages) => {
    await taken.promise;
    for (const { destination } of messages) events.push(destination.routingKey);
  };
  const beat = new Beat(config, { clock, store });
  await beat.start();
  await settle();
  clock.advance(1_000);
  await settle();
  expect(store.broker.messages).toHaveLength(1);
  let ended = false;
  void beat.stop().then(() => (ended = true));
  await settle();
  return { clock, taken, events, ended: () => ended };
}

describe('a stop', () => {
  test('waits until the events of the last tasks are published', async () => {
    const { taken, events, ended } = await stopping();
    expect(ended()).toBe(false);
    taken.resolve(undefined);
    await settle();
    expect(events).toEqual(['task.sent']);
    expect(ended()).toBe(true);
  });

  test('waits at most a second for a broker that does not accept them', async () => {
    const { clock, ended } = await stopping();
    clock.advance(999);
    await settle();
    expect(ended()).toBe(false);
    clock.advance(1);
    await settle();
    expect(ended()).toBe(true);
  });
});
