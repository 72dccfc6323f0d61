import { describe, expect, test } from 'vitest';
import { Failover } from '../../../../src/drivers/amqp/failover.ts';

describe('the servers of a cluster are tried', () => {
  test('in the order of the list, each once, from the one that worked last', () => {
    const servers = new Failover(['a', 'b', 'c'], 'round-robin');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
    servers.worked('b');
    expect(servers.cycle()).toEqual(['b', 'c', 'a']);
    servers.worked('a');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
  });

  test('with the one that stands still last', () => {
    const servers = new Failover(['a', 'b', 'c'], 'round-robin');
    servers.froze('c');
    expect(servers.cycle()).toEqual(['a', 'b', 'c']);
    servers.froze('a');
    expect(servers.cycle()).toEqual(['b', 'c', 'a']);
  });

  test('in any order when shuffled, each once, from the one that worked last', () => {
    const servers = new Failover(['a', 'b', 'c', 'd'], 'shuffle');
    servers.worked('c');
    const cycles = Array.from({ length: 200 }, () => servers.cycle());
    for (const cycle of cycles) {
      expect(cycle[0]).toBe('c');
      expect(cycle.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    }
    expect(new Set(cycles.map(String)).size).toBe(6);
  });

  test('again and again, where there is but one', () => {
    const servers = new Failover(['a'], 'round-robin');
    servers.froze('a');
    expect(servers.cycle()).toEqual(['a']);
  });
});
