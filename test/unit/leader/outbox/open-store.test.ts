import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store, StoreHealth } from '../../../../src/contracts/store/store.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { openStore, type OutboxOptions } from '../../../../src/leader/outbox/open-store.ts';
import { DEFAULT_POLICY } from '../../../../src/entries/planning/catch-up.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { settle } from '../../../support/settle.ts';

const opened = vi.hoisted((): { stores: unknown } => ({ stores: undefined }));
vi.mock('../../../../src/drivers/open-store.ts', () => ({ openStores: () => Promise.resolve(opened.stores) }));

type Parts = Partial<Pick<Store, 'checkHealth' | 'findSchedulers'>>;

const clock = new ManualClock('2027-03-01T12:00:00Z');
const OPTIONS = storeOptions('memory://', { clock });
const HEALTH: StoreHealth = { store: 'Redis', skew: { ms: 5, within: 1 }, eviction: null, locks: '1 of 3 are away' };
let closed: string[];
beforeEach(() => (closed = []));

/** Opens a state store with an outbox, and a broker that rejects every message. */
function open(state: Parts, broker: Parts, options: Partial<OutboxOptions> = {}): Promise<Store> {
  const store = openMemoryStore(storeOptions(`memory://${randomUUID()}`, { clock }));
  const publish: Store['broker']['publish'] = async (messages) =>
    messages.map((message) => ({ message, reason: 'no such queue' }));
  const closeAs = (name: string) => async () => {
    await settle();
    closed.push(name);
  };
  opened.stores = {
    store: { ...store, ...state, close: closeAs('state') },
    broker: { ...broker, broker: { publish, announce: async () => {}, close: closeAs('broker') } },
  };
  return openStore({ ...OPTIONS, ...options });
}

describe('two stores', () => {
  test('report the clock and the locks of the state, and eviction in either', async () => {
    const check = async (state: string | null, broker: string | null) => {
      const other = { store: 'other', skew: { ms: 9, within: 9 }, locks: null };
      const store = await open(
        { checkHealth: async () => ({ ...HEALTH, eviction: state }) },
        { checkHealth: async () => ({ ...other, eviction: broker }) },
      );
      return store.checkHealth!();
    };
    expect(await check(null, null)).toEqual(HEALTH);
    expect(await check(null, 'broker evicts')).toEqual({ ...HEALTH, eviction: 'broker evicts' });
    expect(await check('state evicts', 'broker evicts')).toEqual({ ...HEALTH, eviction: 'state evicts' });
  });

  test('of which one has a server report the health of that one', async () => {
    const checkHealth = async () => HEALTH;
    expect(await (await open({ checkHealth }, {})).checkHealth!()).toEqual(HEALTH);
    expect(await (await open({}, { checkHealth })).checkHealth!()).toEqual(HEALTH);
    expect((await open({}, {})).checkHealth).toBeUndefined();
  });

  test('find the other schedulers of both', async () => {
    const find = (name: string) => ({ findSchedulers: async () => [{ scheduler: name, mark: '1', isLocked: false }] });
    const found = async (store: Store) => (await store.findSchedulers!()).map(({ scheduler }) => scheduler);
    expect(await found(await open(find('a'), find('b')))).toEqual(['a', 'b']);
    expect(await found(await open(find('a'), {}))).toEqual(['a']);
    expect(await found(await open({}, find('b')))).toEqual(['b']);
    expect((await open({}, {})).findSchedulers).toBeUndefined();
  });

  test('apply to a rejected message the policy of its entry, which may be in the state store', async () => {
    const skipped: string[] = [];
    const asked: unknown[] = [];
    const store = await open(
      {},
      {},
      {
        reports: {
          progressed: () => {},
          delivered: () => {},
          waiting: () => {},
          unreadable: () => {},
          skipped: (messages, reason) => skipped.push(...messages.map(({ run }) => `${run.entry} ${reason}`)),
        },
        findPolicies: async (names, stored) => {
          asked.push(names, stored);
          return new Map([['a', { ...DEFAULT_POLICY, startingDeadline: 0 }]]);
        },
      },
    );
    const changes = [makeFirstRun('a'), makeFirstRun('b')];
    await store.ledger.commit({ token: await store.ledger.beginTerm(), changes });
    expect(asked).toEqual([['a', 'b'], store.entries]);
    expect(skipped).toEqual(['a deadline']);
  });

  test('close the broker, and then the state', async () => {
    const store = await open({}, {});
    await store.close();
    expect(closed).toEqual(['broker', 'state']);
  });

  test('retry a rejected message beside the schedule, and announce by the broker', async () => {
    const store = await open({}, {});
    expect(store.relay).toBe(store.ledger);
    await store.broker.close();
    expect(closed).toEqual(['broker']);
  });
});
