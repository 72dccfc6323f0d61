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
import { OutcomeFollower } from '../../../../src/leader/outcomes/outcome-follower.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { decodeState } from '../../../../src/contracts/store/entry-state.ts';
import { Scheduler } from '../../../../src/leader/scheduling/scheduler.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { NEW_STATE } from '../../../support/change.ts';
import { alignedSchedule, makeEntry, MINUTE } from '../../../support/entry.ts';
import { MemoryResultReader } from '../../../support/memory-result-reader.ts';
import { settle } from '../../../support/settle.ts';

const DEFINITIONS = resolveSettings({}).definitions;

const NEVER = new AbortController().signal;
const NOON = '2027-03-01T12:00:00.000Z';

/** One memory, and instances that may lead one after the other, each with one scheduler for all of its terms. */
function rig(entries: readonly Entry[], { hasStored = false } = {}) {
  const clock = new ManualClock(NOON);
  const store = openMemoryStore(storeOptions('memory://', { clock }));
  const reader = new MemoryResultReader();
  const instance = () => {
    const events = new Events();
    const faults: unknown[] = [];
    const sent: string[] = [];
    const begun: SchedulingEvent[] = [];
    const outcomes: string[] = [];
    events.on('failure', (fault) => faults.push(fault));
    events.on('sent', ({ dueAt }) => sent.push(new Date(dueAt).toISOString().slice(11, 19)));
    events.on('scheduling', (event) => begun.push(event));
    events.on('outcome', ({ taskId }) => outcomes.push(taskId));
    const follower = new OutcomeFollower({ reader, clock, events, history: store.history });
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
        outcomes: follower.watched,
        ...(hasStored && { stored: { entries: store.entries, definitions: () => DEFINITIONS } }),
        progressed,
      },
    });
    /** Begins a term, and looks once. */
    const lead = async () => {
      const term = { token: await store.ledger.beginTerm(), stop: NEVER, signal: NEVER, trusted: true };
      await scheduler.begin(term);
      const ending = new AbortController();
      const ended = follower.run(ending.signal, (instant) => scheduler.publishedSince(instant));
      const wakeAt = await scheduler.tick(term);
      const end = async () => {
        ending.abort();
        await ended;
      };
      return { tick: () => scheduler.tick(term), end, wakeAt };
    };
    return { lead, sent, faults, begun, outcomes };
  };
  return { clock, store, reader, instance };
}

const everyMinute = makeEntry({ schedule: alignedSchedule(MINUTE) });

describe('an instance that becomes leader again', () => {
  test('continues from the states of the other leader, not from its own', async () => {
    const { clock, instance } = rig([everyMinute]);
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

  test('publishes no run of a stored entry that the other leader removed', async () => {
    const { clock, store, instance } = rig([], { hasStored: true });
    const change = { entry: 'digest', before: null, after: NEW_STATE, messages: [] };
    const stored = { dueAt: clock.now() + MINUTE, definition: '{"task":"tasks.digest","schedule":60}' };
    await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [{ ...change, stored }] });
    const ours = instance();
    const first = await ours.lead();
    clock.advance(MINUTE);
    await first.tick();
    expect(ours.sent).toHaveLength(1);
    const [row] = await store.entries.find(['digest']);
    const before = decodeState('digest', row!.state!);
    await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [{ ...change, before, after: null }] });
    const again = await ours.lead();
    clock.advance(MINUTE);
    await again.tick();
    expect(ours.sent).toHaveLength(1);
  });

  test('reports no outcome that the other leader has reported', async () => {
    const { clock, reader, store, instance } = rig([everyMinute]);
    const [ours, theirs] = [instance(), instance()];
    const first = await ours.lead();
    clock.advance(MINUTE);
    await first.tick();
    await first.end();
    const [message] = store.broker.messages;
    reader.end(message!.taskId, clock.now());
    const leadForTenSeconds = async ({ lead }: typeof ours) => {
      const { end } = await lead();
      for (let second = 0; second < 10; second++) {
        clock.advance(1_000);
        await settle();
      }
      await end();
    };
    await leadForTenSeconds(theirs);
    expect(theirs.outcomes).toEqual([message!.taskId]);
    await leadForTenSeconds(ours);
    expect(ours.outcomes).toEqual([]);
  });
});

describe('the loss of a ledger', () => {
  test('is not reported at a first start, which finds the ledger empty', async () => {
    const { instance } = rig([everyMinute]);
    const ours = instance();
    await ours.lead();
    expect(ours.begun).toMatchObject([{ ledgerLost: false, changes: { added: 1 } }]);
  });

  test('is not reported in a later term that finds what was written', async () => {
    const { instance } = rig([everyMinute]);
    const ours = instance();
    await ours.lead();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, false]);
  });

  test('is reported by an instance that has written to it and finds it empty', async () => {
    const { store, instance } = rig([everyMinute]);
    const ours = instance();
    await ours.lead();
    store.ledger.empty();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, true]);
  });

  test('is not reported if there was nothing to write', async () => {
    const { instance } = rig([makeEntry({ enabled: false })]);
    const ours = instance();
    await ours.lead();
    await ours.lead();
    expect(ours.begun.map(({ ledgerLost }) => ledgerLost)).toEqual([false, false]);
  });
});
