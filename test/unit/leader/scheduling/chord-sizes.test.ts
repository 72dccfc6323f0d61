import { describe, expect, test } from 'vitest';
import { ChordSizes } from '../../../../src/leader/scheduling/chord-sizes.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import type { PlannedChange } from '../../../../src/entries/planning/planned-change.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { MemoryResults } from '../../../../src/drivers/memory/results.ts';
import type { ChordSize } from '../../../../src/celery/message/message.ts';
import type { ResultBackend } from '../../../../src/contracts/store/results.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { settle } from '../../../support/settle.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';

const NEVER = new AbortController().signal;

/** A change that starts one chord. */
function changeOf(entry: string, groupId = `group of ${entry}`): PlannedChange {
  const change = makeFirstRun(entry);
  return { entry: undefined, change, chords: [{ groupId, size: 2, results: null }] };
}

/** A result backend that answers when the test says so. */
class Slow implements ResultBackend {
  readonly asked: string[][] = [];
  readonly #answers: PromiseWithResolvers<null>[] = [];

  async expect(chords: readonly ChordSize[]): Promise<void> {
    this.asked.push(chords.map(({ groupId }) => groupId));
    const answer = Promise.withResolvers<null>();
    this.#answers.push(answer);
    await answer.promise;
  }

  /** Answers the oldest questions, or all. */
  async answer(error?: Error, count = Infinity): Promise<void> {
    for (const { resolve, reject } of this.#answers.splice(0, count)) {
      if (error) reject(error);
      else resolve(null);
    }
    await settle();
  }

  async close(): Promise<void> {}
}

function rig(results: ResultBackend | null = new Slow()) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const log: string[] = [];
  events.on('failure', ({ operation, error }) => log.push(`${operationKey(operation)}: ${(error as Error).message}`));
  events.on('recovered', ({ operation }) => log.push(`${operationKey(operation)} recovered`));
  const announcements = new ChordSizes({ clock, events, results: () => results });
  /** Which entries may be sent, once that is known. */
  const announce = (...changes: PlannedChange[]) => {
    const seen: { ready?: string[] } = {};
    void announcements.register(changes, NEVER).then((ready) => {
      seen.ready = ready.map(({ change }) => change.entry);
    });
    return seen;
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { clock, log, announcements, announce, pass, slow: results as Slow };
}

describe('the announcement of chords', () => {
  test('lets a change pass when the result backend has answered', async () => {
    const { announce, slow, log } = rig();
    const seen = announce(changeOf('a'), changeOf('b'));
    await settle();
    expect(seen.ready).toBeUndefined();
    await slow.answer();
    expect(seen.ready).toEqual(['a', 'b']);
    expect(slow.asked).toEqual([['group of a', 'group of b']]);
    expect(log).toEqual([]);
  });

  test('waits a second for an answer, and 50 ms after a missing answer', async () => {
    const { announce, pass, log } = rig();
    const first = announce(changeOf('a'));
    await settle();
    await pass(999);
    expect(first.ready).toBeUndefined();
    await pass(1);
    expect(first.ready).toEqual([]);
    expect(log).toEqual(['register-chords: entry "a": the result backend does not answer']);
    const second = announce(changeOf('b'));
    await settle();
    await pass(49);
    expect(second.ready).toBeUndefined();
    await pass(1);
    expect(second.ready).toEqual([]);
  });

  test('waits a second again after an answer', async () => {
    const { announce, pass, slow, log } = rig();
    announce(changeOf('a'));
    await pass(1_000);
    await slow.answer();
    expect(log.at(-1)).toBe('register-chords recovered');
    const next = announce(changeOf('b'));
    await settle();
    await pass(999);
    expect(next.ready).toBeUndefined();
    await slow.answer();
    expect(next.ready).toEqual(['b']);
  });

  test('asks once for a change that is retried before the answer, and at once for other changes', async () => {
    const { announce, pass, slow } = rig();
    announce(changeOf('a'));
    await pass(1_000);
    const again = announce(changeOf('a'), changeOf('b'));
    await settle();
    expect(slow.asked).toEqual([['group of a'], ['group of b']]);
    await slow.answer();
    expect(again.ready).toEqual(['a', 'b']);
  });

  test('lets a change pass at once, a single time, if its last answer came too late', async () => {
    const { announce, pass, slow } = rig();
    announce(changeOf('a'));
    await pass(1_000);
    await slow.answer();
    await pass(59_999);
    const next = announce(changeOf('a'));
    await settle();
    expect(next.ready).toEqual(['a']);
    expect(slow.asked).toHaveLength(1);
    const afterwards = announce(changeOf('a'));
    await settle();
    expect(afterwards.ready).toBeUndefined();
    expect(slow.asked).toHaveLength(2);
  });

  test('asks again after a minute, because a backend may lose data', async () => {
    const { announce, pass, slow } = rig();
    announce(changeOf('a'));
    await pass(1_000);
    await slow.answer();
    await pass(60_000);
    announce(changeOf('a'));
    await settle();
    expect(slow.asked).toHaveLength(2);
  });

  test('asks again for other chords of the same entry', async () => {
    const { announce, pass, slow } = rig();
    announce(changeOf('a', 'monday'));
    await pass(1_000);
    await slow.answer();
    const next = announce(changeOf('a', 'tuesday'));
    await settle();
    expect(slow.asked).toEqual([['monday'], ['tuesday']]);
    await slow.answer();
    expect(next.ready).toEqual(['a']);
  });

  test('does not ask twice for chords because of a late answer for older ones', async () => {
    const { announce, pass, slow } = rig();
    announce(changeOf('a', 'monday'));
    await pass(1_000);
    announce(changeOf('a', 'tuesday'));
    await pass(50);
    await slow.answer(new Error('too late'), 1);
    announce(changeOf('a', 'tuesday'));
    await settle();
    expect(slow.asked).toEqual([['monday'], ['tuesday']]);
  });

  test('leaves no timer behind when the answer came', async () => {
    const signals: AbortSignal[] = [];
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const sleep = (ms: number, signal: AbortSignal) => {
      signals.push(signal);
      return clock.sleep(ms, signal);
    };
    const memory = new MemoryResults();
    const announcements = new ChordSizes({
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep },
      events: new Events(),
      results: () => memory,
    });
    expect(await announcements.register([changeOf('a')], NEVER)).toHaveLength(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('holds back what the backend refused, with the reason', async () => {
    const { announce, pass, slow, log } = rig();
    const seen = announce(changeOf('a'));
    await settle();
    await slow.answer(new Error('OOM'));
    expect(seen.ready).toEqual([]);
    expect(log).toEqual(['register-chords: entry "a": OOM']);
    const next = announce(changeOf('a'));
    await settle();
    expect(slow.asked).toHaveLength(2);
    await pass(50);
    expect(next.ready).toEqual([]);
  });

  test('names five entries in a fault, and counts the others', async () => {
    const { announce, pass, log } = rig();
    announce(...['a', 'b', 'c', 'd', 'e'].map((entry) => changeOf(entry)));
    await pass(1_000);
    expect(log.at(-1)).toBe('register-chords: entries "a", "b", "c", "d", "e": the result backend does not answer');
    announce(...['q', 'r', 's', 't', 'u', 'v', 'w'].map((entry) => changeOf(entry)));
    await pass(50);
    expect(log.at(-1)).toBe(
      'register-chords: entries "q", "r", "s", "t", "u" and 2 more: the result backend does not answer',
    );
  });

  test('holds back every chord without a result backend', async () => {
    const { announce, log } = rig(null);
    const seen = announce(changeOf('a'));
    await settle();
    expect(seen.ready).toEqual([]);
    expect(log).toEqual(['register-chords: entry "a": there is no result backend to join chords']);
  });

  test('is not waited for after a stop', async () => {
    const { announcements } = rig();
    const stop = new AbortController();
    const announcing = announcements.register([changeOf('a')], stop.signal);
    stop.abort();
    expect(await announcing).toEqual([]);
  });
});
