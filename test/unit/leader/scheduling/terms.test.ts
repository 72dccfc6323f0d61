import { describe, expect, test } from 'vitest';
import { Catalog } from '../../../../src/entries/catalog/catalog.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import type { SchedulingEvent } from '../../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import { Scheduler } from '../../../../src/leader/scheduling/scheduler.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { alignedSchedule, makeEntry, MINUTE } from '../../../support/entry.ts';

const NEVER = new AbortController().signal;
const NOON = '2027-03-01T12:00:00.000Z';

/** One memory, and instances that may lead one after the other, each with one scheduler for all of its terms. */
function rig(...entries: Entry[]) {
  const clock = new ManualClock(NOON);
  const store = openMemoryStore(storeOptions('memory://', { clock }));
  const instance = () => {
    const events = new Events();
    const faults: unknown[] = [];
    const sent: string[] = [];
    const begun: SchedulingEvent[] = [];
    events.on('failure', (fault) => faults.push(fault));
    events.on('sent', ({ dueAt }) => sent.push(new Date(dueAt).toISOString().slice(11, 19)));
    events.on('scheduling', (event) => begun.push(event));
    const messageContext = {
      timezone: 'UTC',
      keyPrefix: 'beat',
      origin: 'test',
      replyTo: '',
      encoding: DEFAULT_ENCODING,
      protocol: 2 as const,
      router: new Router(new Queues()),
    };
    const progressed = () => {};
    const scheduler = new Scheduler({
      ...{
        catalog: new Catalog(entries),
        ledger: store.ledger,
        clock,
        events,
        messageContext: () => messageContext,
        results: () => null,
        progressed,
      },
    });
    /** Begins a term, and looks once. */
    const lead = async () => {
      const term = { token: await store.ledger.beginTerm(), stop: NEVER, signal: NEVER, trusted: true };
      await scheduler.begin(term);
      const wakeAt = await scheduler.tick(term);
      return { tick: () => scheduler.tick(term), wakeAt };
    };
    return { lead, sent, faults, begun };
  };
  return { clock, store, instance };
}

const everyMinute = makeEntry({ schedule: alignedSchedule(MINUTE) });

describe('an instance that becomes leader again', () => {
  test('continues from the states of the other leader, not from its own', async () => {
    const { clock, instance } = rig(everyMinute);
    const [ours, theirs] = [instance(), instance()];
    const first = await ours.lead();
    clock.advance(MINUTE);
    await first.tick();
    const other = await theirs.lead();
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(MINUTE);
      await other.tick();
    }
    const { wakeAt } = await ours.lead();
    expect(ours.sent).toEqual(['12:01:00']);
    expect(theirs.sent).toEqual(['12:02:00', '12:03:00', '12:04:00']);
    expect(ours.faults).toEqual([]);
    expect(wakeAt).toBe(Date.parse('2027-03-01T12:05:00Z'));
  });
});

describe('the loss of a ledger', () => {
  test('is not reported at a first start, which finds the ledger empty', async () => {
    const { instance } = rig(everyMinute);
    const ours = instance();
    await ours.lead();
    expect(ours.begun).toMatchObject([{ ledgerLost: false, changes: { added: 1 } }]);
  });

  test('is not reported in a later term that finds what was written', async () => {
    const { instance } = rig(everyMinute);
    const ours = instance();
    await ours.lead();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, false]);
  });

  test('is reported by an instance that has written to it and finds it empty', async () => {
    const { store, instance } = rig(everyMinute);
    const ours = instance();
    await ours.lead();
    store.ledger.empty();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, true]);
  });

  test('is not reported if there was nothing to write', async () => {
    const { instance } = rig(makeEntry({ enabled: false }));
    const ours = instance();
    await ours.lead();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, false]);
  });
});
