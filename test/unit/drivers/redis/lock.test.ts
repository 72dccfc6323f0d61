import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { redisLock } from '../../../../src/drivers/redis/lock.ts';
import type { Keys } from '../../../../src/drivers/redis/keys.ts';
import type { Notifications } from '../../../../src/drivers/redis/connection/notifications.ts';
import type { Quorum, VoteResult } from '../../../../src/drivers/redis/quorum.ts';
import { settle } from '../../../support/settle.ts';

interface Held {
  readonly value: string;
}

/** A lock over a quorum that returns these results in turn. */
function lockOver(...votes: VoteResult<Held>[]) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const votings: string[] = [];
  const set: unknown[][] = [];
  const published: string[] = [];
  /** For each renewal: reports which servers lack the lock. */
  const lacking: ((servers: readonly unknown[]) => void)[] = [];
  const server = {
    client: { set: async (...args: unknown[]) => set.push(args) },
    run: async (operation: string) => published.push(operation),
    close: async () => {},
  };
  const quorum = {
    servers: [server],
    vote: async (operation: string) => {
      votings.push(operation);
      return votes.shift() ?? { value: 'ours' };
    },
    findRejecting: () => new Promise<readonly unknown[]>((resolve) => lacking.push(resolve)),
  };
  const releases = { reset: () => {} } as unknown as Notifications;
  const keys = { lock: 'beat:lock', released: 'beat:released' } as Keys;
  const lock = redisLock(quorum as unknown as Quorum, releases, keys, 8_000.4, clock);
  return { lock, clock, votings, set, published, lacking, server };
}

/** Advances the clock through the pauses between rounds. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    clock.advance(1);
    await settle();
  }
}

describe('redis lock: a divided vote', () => {
  test('is repeated after a pause until an instance wins', async () => {
    const { lock, clock, votings } = lockOver('divided', 'divided', 'divided');
    const lease = lock.acquire();
    await settle();
    expect(votings).toHaveLength(1);
    await pass(clock, 150);
    expect(await lease).not.toBeNull();
    expect(votings).toEqual(Array(4).fill('lock.acquire'));
  });

  test('ends without a lease after five rounds', async () => {
    const { lock, clock, votings } = lockOver(...Array<'divided'>(9).fill('divided'));
    const lease = lock.acquire();
    await pass(clock, 250);
    expect(await lease).toBeNull();
    expect(votings).toHaveLength(5);
  });

  test('is not repeated when the majority reports another holder', async () => {
    const { lock, votings } = lockOver('rejected');
    expect(await lock.acquire()).toBeNull();
    expect(votings).toHaveLength(1);
  });
});

describe('redis lock: a renewal', () => {
  test('sets the lock again on servers that lost it, unless another instance holds it', async () => {
    const { lock, set, lacking, server } = lockOver();
    const lease = (await lock.acquire())!;
    expect(await lease.renew()).toBe(true);
    lacking[0]!([server]);
    await settle();
    expect(set).toEqual([['beat:lock', 'ours', 'PX', 8_000, 'NX']]);
  });

  test('does not set a lock again after its release', async () => {
    const { lock, set, lacking, server } = lockOver();
    const lease = (await lock.acquire())!;
    await lease.renew();
    await lease.release();
    lacking[0]!([server]);
    await settle();
    expect(set).toEqual([]);
  });

  test('does not set the lock again after the next renewal', async () => {
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

  test.each(['rejected', 'divided'] as const)('that is %s returns false and sets no lock', async (answer) => {
    const { lock, lacking } = lockOver({ value: 'ours' }, answer);
    const lease = (await lock.acquire())!;
    expect(await lease.renew()).toBe(false);
    expect(lacking).toEqual([]);
  });
});

describe('redis lock: a release', () => {
  test('is published to the followers', async () => {
    const { lock, published } = lockOver();
    await (await lock.acquire())!.release();
    expect(published).toEqual(['lock.release']);
  });

  test('is not published when another instance already holds the lock', async () => {
    const { lock, published } = lockOver({ value: 'ours' }, 'rejected');
    await (await lock.acquire())!.release();
    expect(published).toEqual([]);
  });
});
