import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { groupOf, type Host } from '../../../src/shell-worker/process-group.ts';
import { settle } from '../../support/settle.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

function setUp(answer: (signal: NodeJS.Signals | 0, count: number) => void) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const sent: string[] = [];
  const kill: Host['kill'] = (pid, signal) => {
    sent.push(`${pid} ${signal}`);
    answer(signal, sent.length);
  };
  return { clock, sent, group: groupOf(7, { env: {}, uid: 0, kill }, clock) };
}

const signals = (sent: readonly string[]) => sent.filter((each) => !each.endsWith(' 0'));

describe('process group of a job', () => {
  test('all processes of the group receive a signal', () => {
    const { group, sent } = setUp(() => {});
    group.signal('SIGINT');
    expect(sent).toEqual(['-7 SIGINT']);
  });

  test('a group that has ended receives none, and another error is thrown', () => {
    expect(() =>
      setUp(() => {
        throw failure('ESRCH');
      }).group.signal('SIGTERM'),
    ).not.toThrow();
    expect(() =>
      setUp(() => {
        throw failure('EPERM');
      }).group.signal('SIGTERM'),
    ).toThrow('EPERM');
  });

  test('an end waits until no process of the group is left', async () => {
    const { clock, group, sent } = setUp((signal, count) => {
      if (signal === 0 && count > 3) throw failure('ESRCH');
    });
    let isOver = false;
    const ended = group.end('SIGTERM').then(() => (isOver = true));
    for (let i = 0; i < 2; i++) {
      await settle();
      expect(isOver).toBe(false);
      clock.advance(50);
    }
    await ended;
    expect(sent).toEqual(['-7 SIGTERM', '-7 0', '-7 0', '-7 0']);
  });

  test('a group that is left after ten seconds is killed, also if it cannot be checked', async () => {
    const { clock, group, sent } = setUp((signal) => {
      if (signal === 0) throw failure('EPERM');
    });
    let isOver = false;
    const ended = group.end('SIGINT').then(() => (isOver = true));
    for (let ms = 0; ms < 10_000; ms += 50) {
      await settle();
      expect([ms, isOver]).toEqual([ms, false]);
      clock.advance(50);
    }
    await ended;
    expect(signals(sent)).toEqual(['-7 SIGINT', '-7 SIGKILL']);
  });
});
