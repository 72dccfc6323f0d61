import { describe, expect, test } from 'vitest';
import { createFailover } from '../../../../src/drivers/amqp/cluster.ts';

describe('the servers of a cluster are tried', () => {
  test('once each in the order of the list, beginning with the last reachable one', () => {
    const servers = createFailover(['a', 'b', 'c'], 'round-robin');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
    servers.markReachable('b');
    expect(servers.cycle()).toEqual(['b', 'c', 'a']);
    servers.markReachable('a');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
  });

  test('with the unresponsive one last', () => {
    const servers = createFailover(['a', 'b', 'c'], 'round-robin');
    servers.markUnresponsive('c');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
    servers.markUnresponsive('a');
    expect(servers.cycle()).toEqual(['b', 'c', 'a']);
  });

  test('once each in random order when shuffled, beginning with the last reachable one', () => {
    const servers = createFailover(['a', 'b', 'c', 'd'], 'shuffle');
    servers.markReachable('c');
    const cycles = Array.from({ length: 200 }, () => servers.cycle());
    for (const cycle of cycles) {
      expect(cycle[0]).toBe('c');
      expect(cycle.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    }
    expect(new Set(cycles.map(String)).size).toBe(6);
  });

  test('in every cycle if there is only one', () => {
    const servers = createFailover(['a'], 'round-robin');
    servers.markUnresponsive('a');
    expect(servers.cycle()).toEqual(['a']);
  });
});
