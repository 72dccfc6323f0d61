import { expect, test } from 'vitest';
import { redisEnvironment } from '../../chaos/environments/redis.ts';
import { MUTATIONS } from '../../chaos/mutations.ts';
import { Program } from '../../chaos/program.ts';
import { requireService } from '../support/services.ts';
import { testChaos } from './chaos.ts';

testChaos('Redis', {
  type: redisEnvironment,
  missing: requireService('redis-server'),
  faults: { 'network stalled': [1_500, 2_500], 'replies lost': [300, 800] },
  mutations: {
    unchecked: 'doubled',
    'publish-first': 'doubled',
    'command-repeated': 'commands',
    overlapping: 'overlaps',
  },
});

test.each(Object.entries(MUTATIONS))(
  'chaos: the program has each text that the mutation %s replaces',
  (_, mutation) => {
    using program = new Program(mutation);
    expect(program.script).toMatch(/beat\.js$/);
  },
);

test('chaos: a mutation whose text the program no longer has is an error', () => {
  const gone = { file: 'drivers/redis/scripts/commit.lua', text: 'no such text', instead: '' };
  expect(() => new Program([gone])).toThrow('found it 0 times');
});
