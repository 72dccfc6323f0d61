import { describe, expect, test } from 'vitest';
import { Events } from '../../../src/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { Watch } from '../../../src/observe/watch.ts';
import type { Findings } from '../../../src/store/store.ts';
import { settle } from '../../support/settle.ts';

const MINUTE = 60_000;

/** A watch over a store that finds what the test says, and what was told of it. */
function rig() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const told: string[] = [];
  const skews: number[] = [];
  let looks = 0;
  let found: Partial<Findings> | Error = {};
  events.on('warning', ({ kind, message }) => told.push(`${kind}: ${message}`));
  events.on('skew', ({ ms }) => skews.push(ms));
  const inspect = async (): Promise<Findings> => {
    looks += 1;
    if (found instanceof Error) throw found;
    return { skew: { ms: 0, within: 1 }, eviction: null, locks: null, ...found };
  };
  const watch = new Watch(inspect, clock, events);
  const look = async (findings: Partial<Findings> | Error): Promise<string[]> => {
    found = findings;
    clock.advance(MINUTE);
    await settle();
    return told.splice(0);
  };
  return { clock, watch, look, skews, looks: () => looks };
}

const skew = (ms: number, within = 5) => ({ skew: { ms, within } });
const AHEAD = "ahead of the store's: runs are sent that much too early, if the store's is right";

describe('the watch', () => {
  test('warns again of a difference that has changed by a second, and not of one that is within reach of a slow answer', async () => {
    const { watch, look } = rig();
    const stop = new AbortController();
    void watch.run(stop.signal);
    await settle();
    expect(await look(skew(1_000, 1))).toEqual([]);
    expect(await look(skew(1_000, 0))).toEqual([`clock: This host's clock is 1.0 s ${AHEAD}`]);
    expect(await look(skew(1_999, 0))).toEqual([]);
    expect(await look(skew(2_000, 0))).toEqual([`clock: This host's clock is 2.0 s ${AHEAD}`]);
    stop.abort();
  });

  test('warns of a clock that is off by a second or more, again when it changes, and says when it is right', async () => {
    const { watch, look, skews } = rig();
    const stop = new AbortController();
    void watch.run(stop.signal);
    await settle();
    expect(await look(skew(900))).toEqual([]);
    expect(await look(skew(2_345))).toEqual([`clock: This host's clock is 2.3 s ${AHEAD}`]);
    expect(await look(skew(2_900))).toEqual([]);
    expect(await look(skew(3_400))).toEqual([`clock: This host's clock is 3.4 s ${AHEAD}`]);
    const [late] = await look(skew(-7_000));
    expect(late).toMatch(/clock is 7\.0 s behind the store's: runs are sent that much too late/);
    expect(await look(skew(40))).toEqual(['clock: null']);
    expect(skews).toEqual([0, 900, 2_345, 2_900, 3_400, -7_000, 40]);
    stop.abort();
  });

  test('does not hold against the clock what a slow answer may explain', async () => {
    const { watch, look } = rig();
    const stop = new AbortController();
    void watch.run(stop.signal);
    await settle();
    expect(await look(skew(1_800, 1_500))).toEqual([]);
    stop.abort();
  });

  test('tells of each danger once, over terms, and of its end', async () => {
    const { watch, look } = rig();
    const danger = { eviction: 'it evicts', locks: 'one of three is gone' };
    for (let term = 0; term < 2; term++) {
      const over = new AbortController();
      void watch.run(over.signal);
      await settle();
      const told = await look(danger);
      const all = ['eviction: it evicts', 'locks: one of three is gone'];
      expect(told).toEqual(term === 0 ? all : []);
      if (term === 1) expect(await look({})).toEqual(['eviction: null', 'locks: null']);
      over.abort();
    }
  });

  test('goes on after a look that failed, which tells nothing', async () => {
    const { watch, look } = rig();
    const stop = new AbortController();
    void watch.run(stop.signal);
    await settle();
    expect(await look({ locks: 'gone' })).toEqual(['locks: gone']);
    expect(await look(new Error('Redis is away'))).toEqual([]);
    expect(await look({})).toEqual(['locks: null']);
    stop.abort();
  });

  test('looks at the beginning of a term and once a minute, and no more when it is over', async () => {
    const { clock, watch, look, looks } = rig();
    const over = new AbortController();
    const watching = watch.run(over.signal);
    await settle();
    expect(looks()).toBe(1);
    clock.advance(MINUTE - 1);
    await settle();
    expect(looks()).toBe(1);
    clock.advance(1);
    await settle();
    expect(looks()).toBe(2);
    over.abort();
    await watching;
    await look({});
    expect(looks()).toBe(2);
  });
});
