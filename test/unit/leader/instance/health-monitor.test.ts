import { describe, expect, test } from 'vitest';
import { Events } from '../../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { monitorHealth } from '../../../../src/leader/instance/health-monitor.ts';
import type { StoreHealth } from '../../../../src/contracts/store/store.ts';
import { settle } from '../../../support/settle.ts';

const MINUTE = 60_000;

/** A monitor of a store whose health the test sets, with the warnings that it emitted. */
function rig() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const warnings: string[] = [];
  const skews: number[] = [];
  let checks = 0;
  let health: Partial<StoreHealth> | Error = {};
  events.on('warning', ({ kind, message }) => warnings.push(`${kind}: ${message}`));
  events.on('skew', ({ ms }) => skews.push(ms));
  const checkHealth = async (): Promise<StoreHealth> => {
    checks += 1;
    if (health instanceof Error) throw health;
    return { store: 'Redis', skew: { ms: 0, within: 1 }, eviction: null, locks: null, ...health };
  };
  const monitor = monitorHealth(checkHealth, clock, events);
  const check = async (next: Partial<StoreHealth> | Error): Promise<string[]> => {
    health = next;
    clock.advance(MINUTE);
    await settle();
    return warnings.splice(0);
  };
  return { clock, monitor, check, skews, checks: () => checks };
}

const skew = (ms: number, within = 5) => ({ skew: { ms, within } });
const ahead = (seconds: string) =>
  `clock: Clock skew: this host is ${seconds} s ahead of Redis; ` +
  `runs are sent ${seconds} s too early if the clock of Redis is right`;

describe('the health monitor', () => {
  test('warns again when the skew has changed by a second, and not when a slow answer explains it', async () => {
    const { monitor, check } = rig();
    const stop = new AbortController();
    void monitor(stop.signal);
    await settle();
    expect(await check(skew(1_000, 1))).toEqual([]);
    expect(await check(skew(1_000, 0))).toEqual([ahead('1.0')]);
    expect(await check(skew(1_999, 0))).toEqual([]);
    expect(await check(skew(2_000, 0))).toEqual([ahead('2.0')]);
    stop.abort();
  });

  test('warns of a skew of a second or more, again when it changes, and when it is gone', async () => {
    const { monitor, check, skews } = rig();
    const stop = new AbortController();
    void monitor(stop.signal);
    await settle();
    expect(await check(skew(900))).toEqual([]);
    expect(await check(skew(2_345))).toEqual([ahead('2.3')]);
    expect(await check(skew(2_900))).toEqual([]);
    expect(await check(skew(3_400))).toEqual([ahead('3.4')]);
    const [late] = await check(skew(-7_000));
    expect(late).toMatch(/this host is 7\.0 s behind Redis; runs are sent 7\.0 s too late/);
    expect(await check(skew(40))).toEqual(['clock: null']);
    expect(skews).toEqual([0, 900, 2_345, 2_900, 3_400, -7_000, 40]);
    stop.abort();
  });

  test('does not warn of a skew that a slow answer explains', async () => {
    const { monitor, check } = rig();
    const stop = new AbortController();
    void monitor(stop.signal);
    await settle();
    expect(await check(skew(1_800, 1_500))).toEqual([]);
    stop.abort();
  });

  test('reports each condition once across terms, and its end', async () => {
    const { monitor, check } = rig();
    const danger = { eviction: 'it evicts', locks: 'one of three is gone' };
    for (let term = 0; term < 2; term++) {
      const over = new AbortController();
      void monitor(over.signal);
      await settle();
      const warnings = await check(danger);
      const all = ['eviction: it evicts', 'locks: one of three is gone'];
      expect(warnings).toEqual(term === 0 ? all : []);
      if (term === 1) expect(await check({})).toEqual(['eviction: null', 'locks: null']);
      over.abort();
    }
  });

  test('continues after a check that failed, which reports nothing', async () => {
    const { monitor, check } = rig();
    const stop = new AbortController();
    void monitor(stop.signal);
    await settle();
    expect(await check({ locks: 'gone' })).toEqual(['locks: gone']);
    expect(await check(new Error('Redis is away'))).toEqual([]);
    expect(await check({})).toEqual(['locks: null']);
    stop.abort();
  });

  test('checks at the beginning of a term and every minute until its end', async () => {
    const { clock, monitor, check, checks } = rig();
    const over = new AbortController();
    const running = monitor(over.signal);
    await settle();
    expect(checks()).toBe(1);
    clock.advance(MINUTE - 1);
    await settle();
    expect(checks()).toBe(1);
    clock.advance(1);
    await settle();
    expect(checks()).toBe(2);
    over.abort();
    await running;
    await check({});
    expect(checks()).toBe(2);
  });
});
