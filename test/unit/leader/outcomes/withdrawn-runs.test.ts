import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import type { EntryConfig } from '../../../../src/generated/config-types.ts';
import { MemoryBroker } from '../../../../src/drivers/memory/broker.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { MemoryHistory } from '../../../../src/drivers/memory/history.ts';
import { openMemoryStore, type MemoryStore } from '../../../../src/drivers/memory/store.ts';
import { joinRuns } from '../../../../src/read-models/history/join-runs.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { settle } from '../../../support/settle.ts';
import { isReadable } from '../../../../src/contracts/store/unreadable.ts';

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock('2027-03-01T12:00:00Z');
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 2; i++) {
    clock.advance(500);
    await settle();
  }
}

/**
 * Runs the entry `a` for so many seconds, and returns its history, oldest first, such as `00:10 expired`. The broker is
 * another store unless one is given.
 */
async function record(entry: Partial<EntryConfig>, seconds: number, store?: MemoryStore): Promise<string[]> {
  const stateUrl = `memory://${randomUUID()}`;
  const brokerUrl = `memory://${randomUUID()}`;
  const beatSchedule = { a: { task: 'a', schedule: 10, ...entry } as EntryConfig };
  const config = { brokerUrl, stateUrl, resultExpires: null, beatSchedule };
  {
    await using beat = new Beat(config, { clock, ...(store && { store }) });
    await beat.start();
    await settle();
    await pass(seconds);
  }
  const { history } = store ?? openMemoryStore(storeOptions(stateUrl, { clock }));
  const { rows } = await history!.read('a', { limit: 100 });
  return joinRuns(rows)
    .filter(isReadable)
    .toReversed()
    .map((item) => {
      if (item.kind === 'skip') return `skip ${item.reason}`;
      const at = new Date(item.dueAt).toISOString().slice(14, 19);
      return `${at} ${item.withdrawn?.reason ?? 'published'}`;
    });
}

/** The broker has no queue for any message. */
function rejectAll(): void {
  vi.spyOn(MemoryBroker.prototype, 'publish').mockImplementation(async (messages: readonly Message[]) =>
    messages.map((message) => ({ message, reason: 'no queue' })),
  );
}

/** A store in which no exchange has subscribers. */
function withoutSubscribers(): MemoryStore {
  const store = openMemoryStore(storeOptions(`memory://${randomUUID()}`, { clock }));
  const { ledger } = store;
  const commit = ledger.commit.bind(ledger);
  vi.spyOn(ledger, 'commit').mockImplementation(async (each) => {
    const messages = each.changes.flatMap((change) => change.messages);
    const why = { kind: 'no-subscribers', reason: 'the exchange has no subscribers' } as const;
    const outcome = await commit(each);
    if (outcome.kind !== 'committed') return outcome;
    return { ...outcome, unpublished: messages.map((message) => ({ message, ...why })) };
  });
  return store;
}

describe('the history of a run that was committed says that it was withdrawn', () => {
  test('when a newer run replaces its message in the outbox', async () => {
    rejectAll();
    expect(await record({}, 35)).toEqual(['00:10 coalesced', '00:20 coalesced', '00:30 published']);
  });

  test('when its message is later than the starting deadline', async () => {
    rejectAll();
    const entry = { missed: 'all', startingDeadline: 5 } as const;
    expect((await record(entry, 25))[0]).toBe('00:10 deadline');
  });

  test('when all entries share a fixed task id, for its own occurrence only', async () => {
    rejectAll();
    const entry = { options: { taskId: 'fixed' } };
    expect((await record(entry, 25)).slice(0, 2)).toEqual(['00:10 coalesced', '00:20 published']);
  });

  test('when it went to a fanout exchange without subscribers', async () => {
    expect(await record({}, 15, withoutSubscribers())).toEqual(['00:10 no-subscribers']);
  });

  test('when its message in the outbox is replaced, without a second write', async () => {
    rejectAll();
    vi.spyOn(MemoryHistory.prototype, 'append').mockRejectedValue(new Error('not called'));
    expect((await record({}, 25))[0]).toBe('00:10 coalesced');
  });

  test('after the history could not be written for a while', async () => {
    const append = vi.spyOn(MemoryHistory.prototype, 'append');
    append.mockRejectedValueOnce(new Error('unreachable'));
    const found = await record({}, 25, withoutSubscribers());
    expect(found).toEqual(['00:10 no-subscribers', '00:20 no-subscribers']);
  });
});
