import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { Lock } from '../../../../src/contracts/store/lock.ts';
import type { SqlRow } from '../../../../src/drivers/sql/dialect.ts';
import { createLock } from '../../../../src/drivers/sql/lock.ts';
import { Topic } from '../../../../src/drivers/sql/notifications.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { FakeDatabase, SqlError } from '../../../support/fake-database.ts';
import { settle } from '../../../support/settle.ts';

const TTL = 1_000;
const HELD: SqlRow = { token: 'theirs', expires_at: '5000', ttl: '1000', is_expired: false };

/** A follower, and the row of the lock as the server would return it. */
class Follower {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly database = new FakeDatabase(this.clock);
  readonly topic = new Topic(() => {});
  readonly lock: Lock;
  row: SqlRow | null = HELD;
  error: SqlError | null = null;
  /** The rows that a write changes. */
  changes: SqlRow[] = [{}];

  constructor({ notified = false, ttl = TTL } = {}) {
    this.database.answer = ({ text }) => {
      if (this.error) throw this.error;
      if (text !== STATEMENTS.readLock('').text) return this.changes;
      return this.row ? [this.row] : [];
    };
    const { database, clock } = this;
    const releases = notified ? this.topic : null;
    this.lock = createLock(database.db, 'beat', ttl, releases, clock);
  }

  get reads(): number {
    return this.database.like(STATEMENTS.readLock('')).length;
  }

  wait(signal = new AbortController().signal): { ended: boolean } {
    const state = { ended: false };
    void this.lock.waitForRelease(signal).then(() => (state.ended = true));
    return state;
  }

  async pass(ms: number): Promise<void> {
    await settle();
    this.clock.advance(ms);
    await settle();
  }
}

test('sql lock: an attempt on a held lock only reads', async () => {
  const { lock, database } = new Follower();
  expect(await lock.acquire()).toBeNull();
  expect(database.statements).toHaveLength(1);
});

test('sql lock: a free lock is acquired with a token and the rounded TTL, and an expired one as it was read', async () => {
  const follower = new Follower({ ttl: 999.6 });
  follower.row = null;
  expect(await follower.lock.acquire()).not.toBeNull();
  const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
  expect(follower.database.statements.at(-1)).toEqual(STATEMENTS.takeFreeLock('beat', uuid, 1_000));
  follower.row = { ...HELD, is_expired: true };
  expect(await follower.lock.acquire()).not.toBeNull();
  const seen = { token: 'theirs', expiresAt: 5_000 };
  expect(follower.database.statements.at(-1)).toEqual(STATEMENTS.takeOverLock('beat', uuid, 1_000, seen));
  const [first, second] = [-3, -1].map((i) => follower.database.statements.at(i)!.values[1]);
  expect(first).not.toBe(second);
});

test('sql lock: an attempt that changes no row has lost against another process', async () => {
  const follower = new Follower();
  follower.row = null;
  follower.changes = [];
  expect(await follower.lock.acquire()).toBeNull();
});

test('sql lock: a row that does not change for its TTL has expired by the follower’s clock', async () => {
  const { lock, clock } = new Follower();
  expect(await lock.acquire()).toBeNull();
  clock.advance(TTL - 1);
  expect(await lock.acquire()).toBeNull();
  clock.advance(1);
  expect(await lock.acquire()).not.toBeNull();
});

test.each([{ token: 'another' }, { expires_at: '6000' }])(
  'sql lock: a row with a new %o is held for another TTL',
  async (change) => {
    const follower = new Follower();
    await follower.lock.acquire();
    follower.clock.advance(TTL - 1);
    follower.row = { ...HELD, ...change };
    expect(await follower.lock.acquire()).toBeNull();
    follower.clock.advance(TTL - 1);
    expect(await follower.lock.acquire()).toBeNull();
    follower.clock.advance(1);
    expect(await follower.lock.acquire()).not.toBeNull();
  },
);

test('sql lock: a lease is renewed and released with its token, and is lost when no row changes', async () => {
  const follower = new Follower();
  follower.row = null;
  const lease = (await follower.lock.acquire())!;
  const token = String(follower.database.statements.at(-1)!.values[1]);
  expect(await lease.renew()).toBe(true);
  expect(follower.database.statements.at(-1)).toEqual(STATEMENTS.renewLock('beat', token, TTL));
  follower.changes = [];
  expect(await lease.renew()).toBe(false);
  await lease.release();
  expect(follower.database.statements.at(-1)).toEqual(STATEMENTS.releaseLock('beat', token));
});

test('sql lock: without notifications, a follower polls every 50 ms until the lock is free', async () => {
  const follower = new Follower();
  const wait = follower.wait();
  await follower.pass(49);
  expect(follower.reads).toBe(0);
  await follower.pass(1);
  await follower.pass(50);
  expect([follower.reads, wait.ended]).toEqual([2, false]);
  follower.row = null;
  await follower.pass(50);
  expect([follower.reads, wait.ended]).toEqual([3, true]);
});

test('sql lock: a follower that polls ends its wait when the lock expires, and goes on after an error', async () => {
  const follower = new Follower();
  follower.error = new SqlError('other');
  const wait = follower.wait();
  await follower.pass(50);
  await follower.pass(50);
  expect([follower.reads, wait.ended]).toEqual([2, false]);
  follower.error = null;
  follower.row = { ...HELD, is_expired: true };
  await follower.pass(50);
  expect(wait.ended).toBe(true);
});

test('sql lock: an aborted follower stops polling', async () => {
  const follower = new Follower();
  const stop = new AbortController();
  const wait = follower.wait(stop.signal);
  await follower.pass(50);
  stop.abort();
  await follower.pass(1_000);
  const { reads } = follower;
  await follower.pass(1_000);
  expect([wait.ended, follower.reads]).toEqual([true, reads]);
});

test('sql lock: with notifications, a follower waits for one since its last attempt and reads nothing', async () => {
  const follower = new Follower({ notified: true });
  follower.topic.notify();
  await follower.lock.acquire();
  const wait = follower.wait();
  await follower.pass(10_000);
  expect([wait.ended, follower.reads]).toEqual([false, 1]);
  follower.topic.notify();
  await settle();
  expect(wait.ended).toBe(true);
});
