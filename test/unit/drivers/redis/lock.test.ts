import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { RedisLock, type RedisLockOptions } from '../../../../src/drivers/redis/lock.ts';
import type { Answer } from '../../../../src/drivers/redis/quorum.ts';
import { settle } from '../../../support/settle.ts';

interface Held {
  readonly value: string;
}

/** A lock whose servers answer as the test says. */
function lockOver(...votes: Answer<Held>[]) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const asked: string[] = [];
  const set: unknown[][] = [];
  const published: string[] = [];
  /** Of each renewal: tells which servers lack the lock. */
  const lacking: ((servers: readonly unknown[]) => void)[] = [];
  const server = {
    client: { set: async (...args: unknown[]) => set.push(args) },
    run: async (operation: string) => published.push(operation),
    close: async () => {},
  };
  const quorum = {
    servers: [server],
    ask: async (operation: string) => {
      asked.push(operation);
      return votes.shift() ?? { value: 'ours' };
    },
    refusing: () => new Promise<readonly unknown[]>((resolve) => lacking.push(resolve)),
  };
  const lock = new RedisLock({
    quorum: quorum as unknown as RedisLockOptions['quorum'],
    releases: { forget: () => {} } as unknown as RedisLockOptions['releases'],
    keys: { lock: 'beat:lock', released: 'beat:released' } as RedisLockOptions['keys'],
    ttl: 8_000.4,
    clock,
  });
  return { lock, clock, asked, set, published, lacking, server };
}

/** Lets the pauses between rounds pass. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    clock.advance(1);
    await settle();
  }
}

describe('redis lock: a vote that no candidate wins', () => {
  test('is held again after a pause, until one does', async () => {
    const { lock, clock, asked } = lockOver('divided', 'divided', 'divided');
    const lease = lock.acquire();
    await settle();
    expect(asked).toHaveLength(1);
    await pass(clock, 150);
    expect(await lease).not.toBeNull();
    expect(asked).toEqual(Array(4).fill('lock.acquire'));
  });

  test('is given up after five rounds', async () => {
    const { lock, clock, asked } = lockOver(...Array<'divided'>(9).fill('divided'));
    const lease = lock.acquire();
    await pass(clock, 250);
    expect(await lease).toBeNull();
    expect(asked).toHaveLength(5);
  });

  test('is not held again when most servers say that another has the lock', async () => {
    const { lock, asked } = lockOver('refused');
    expect(await lock.acquire()).toBeNull();
    expect(asked).toHaveLength(1);
  });
});

describe('redis lock: a renewal', () => {
  test('puts the lock back on the servers that lack it, where no other has it', async () => {
    const { lock, set, lacking, server } = lockOver();
    const lease = (await lock.acquire())!;
    expect(await lease.renew()).toBe(true);
    lacking[0]!([server]);
    await settle();
    expect(set).toEqual([['beat:lock', 'ours', 'PX', 8_000, 'NX']]);
  });

  test('does not put back a lock that was released meanwhile', async () => {
    const { lock, set, lacking, server } = lockOver();
    const lease = (await lock.acquire())!;
    await lease.renew();
    await lease.release();
    lacking[0]!([server]);
    await settle();
    expect(set).toEqual([]);
  });

  test('leaves it to the next renewal when that was faster', async () => {
    const { lock, set, lacking, server } = lockOver({ value: 'ours' }, { value: 'ours' });
    const lease = (await lock.acquire())!;
    await lease.renew();
    await lease.renew();
    lacking[0]!([server]);
    await settle();
    expect(set).toEqual([]);
    lacking[1]!([server]);
    await settle();
    expect(set).toHaveLength(1);
  });

  test.each(['refused', 'divided'] as const)(
    'that is %s says so, and puts nothing back',
    async (answer) => {
      const { lock, lacking } = lockOver({ value: 'ours' }, answer);
      const lease = (await lock.acquire())!;
      expect(await lease.renew()).toBe(false);
      expect(lacking).toEqual([]);
    },
  );
});

describe('redis lock: a release', () => {
  test('is published to the followers', async () => {
    const { lock, published } = lockOver();
    await (await lock.acquire())!.release();
    expect(published).toEqual(['lock.release']);
  });

  test('is not published when the lock was another’s by then', async () => {
    const { lock, published } = lockOver({ value: 'ours' }, 'refused');
    await (await lock.acquire())!.release();
    expect(published).toEqual([]);
  });
});
