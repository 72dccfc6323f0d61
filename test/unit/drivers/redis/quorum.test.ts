import { expect, test } from 'vitest';
import { StoreError } from '../../../../src/util/errors.ts';
import type { Connection } from '../../../../src/drivers/redis/connection/connection.ts';
import { loadScript } from '../../../../src/drivers/redis/scripts/script.ts';
import { createQuorum, type Quorum } from '../../../../src/drivers/redis/quorum.ts';

type Vote = 'for' | 'against' | 'fails';

/** A server with one answer to every script: success, rejection, or an error. */
function serverThat(vote: Vote, name: number, scripts: string[] = []): Connection {
  const server = {
    client: {
      connect: async () => {},
      eval: async (script: string) => {
        scripts.push(script);
        if (vote === 'fails') throw new Error(`server ${name} is away`);
        return vote === 'for' ? 1 : 0;
      },
    },
    explain: (error: Error) => ({ text: error.message, cause: error }),
  };
  return server as unknown as Connection;
}

function quorumOf(...votes: Vote[]): Quorum {
  return createQuorum(votes.map((vote, i) => serverThat(vote, i)));
}

const acquire = (quorum: Quorum) => quorum.vote('lock.acquire', (redlock) => redlock.acquire(['beat:lock'], 8_000));

test.each<[Vote[]]>([
  [['for']],
  [['for', 'for', 'against']],
  [['for', 'for', 'fails']],
  [['for', 'for', 'for', 'against', 'fails']],
])('redis quorum: %j wins the lock', async (votes) => {
  expect(typeof (await acquire(quorumOf(...votes)))).toBe('object');
});

test.each<[Vote[]]>([
  [['against']],
  [['against', 'against', 'for']],
  [['against', 'against', 'fails']],
  [['against', 'for', 'against']],
])('redis quorum: %j means that another instance holds the lock', async (votes) => {
  expect(await acquire(quorumOf(...votes))).toBe('rejected');
});

test.each<[Vote[]]>([
  [['for', 'against', 'fails']],
  [['fails', 'for', 'against']],
  [['for', 'for', 'against', 'against', 'fails']],
])('redis quorum: %j is a divided vote', async (votes) => {
  expect(await acquire(quorumOf(...votes))).toBe('divided');
});

test.each<[Vote[], string]>([
  [['fails'], 'lock.acquire: server 0 is away'],
  [['for', 'fails', 'fails'], 'lock.acquire: 2 of 3 lock servers failed: server 1 is away; server 2 is away'],
  [['against', 'fails', 'fails'], 'lock.acquire: 2 of 3 lock servers failed: server 1 is away; server 2 is away'],
])('redis quorum: the vote %j fails, and the error names the servers', async (votes, message) => {
  const failure = acquire(quorumOf(...votes));
  await expect(failure).rejects.toThrow(StoreError);
  await expect(failure).rejects.toThrow(message);
});

test('redis quorum: reports the servers that voted against the majority', async () => {
  const quorum = quorumOf('for', 'against', 'for', 'fails', 'for');
  const won = await acquire(quorum);
  if (typeof won === 'string') throw new Error(won);
  expect(await quorum.findRejecting(won)).toEqual([quorum.servers[1]]);
});

test.each<Vote>(['against', 'fails'])(
  'redis quorum: one attempt runs the script once on each server, also when it votes %j',
  async (vote) => {
    const scripts: string[] = [];
    await acquire(createQuorum([serverThat(vote, 0, scripts)])).catch(() => {});
    expect(scripts.filter((script) => script === loadScript('lock-acquire').lua)).toHaveLength(1);
  },
);

test('redis quorum: an error of the attempt itself is passed on', async () => {
  const broken = new Error('broken');
  const voting = quorumOf('for').vote('lock.acquire', async () => {
    throw broken;
  });
  await expect(voting).rejects.toBe(broken);
});
